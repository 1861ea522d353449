import type { Case } from "../../experiment/claim.ts";
import { given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { manual, nodeNet, rfc1122, rfc9293 } from "../sources.ts";
import { finsCrossed } from "./segments.ts";
import { type Act, answersAtOnce, answersLater, closed, closesToo, isFrozen, sendsMore } from "./ways-to-answer.ts";

/** A condition of a close: what it is called, who closes first, what happens. */
type Condition = readonly [name: string, active: Side, act: Act];

/** The passive side's kernel acknowledges the FIN by itself, because its program takes its time. */
export const answeredLater: readonly Condition[] = [
  ["the server answers later", "client", answersLater("client")],
  ["the client answers later", "server", answersLater("server")],
];

/** The passive side's ACK is on its way before its FIN for another reason. */
export const acknowledgedFirst: readonly Condition[] = [
  ["the server sends more before it closes", "client", sendsMore("client", 1000)],
  ["the server would answer at once, but its process is stopped for a while", "client", isFrozen],
  [
    "the server answers at once, and its route asks for every ACK at once (ip route quickack 1)",
    "client",
    answersAtOnce("client", { quickAcks: true }),
  ],
];

/** The passive side's program is quicker than its kernel. */
export const answeredAtOnce: readonly (readonly [name: string, active: Side])[] = [
  ["the server answers at once, as Node does by default (allowHalfOpen: false)", "client"],
  ["the client answers at once, as Node does by default (allowHalfOpen: false)", "server"],
];

/** What the standards and manuals say of when an ACK goes alone and when with a FIN. */
export const answerSources = [
  rfc9293("3.6"),
  rfc9293("3.8.6.3"),
  rfc1122("4.2.3.2"),
  manual("tcp(7)", "TCP_QUICKACK"),
  manual("ip-route(8)", "quickack"),
  nodeNet("new-netsocketoptions"),
] as const;

/** A case about a close that one side begins, and that has come to its end. */
export function whenClosed(name: string, active: Side, act: Act, ask: (t: Timeline) => readonly Check[]): Case {
  return { name, ...act, question: (t) => [isClosed(t, otherSide(active)), ...ask(t)] };
}

export function isClosed(t: Timeline, passive: EndpointName): Check {
  return given(`the ${passive}, which was closed upon, is CLOSED`, inState(t, closed, passive, "CLOSED"));
}

/** A case about a close that both sides begin. */
export function whenBothClose(ask: (t: Timeline) => readonly Check[]): Case {
  return {
    name: "both sides close at the same time",
    ...closesToo,
    question: (t) => [
      given("neither FIN answers the other", finsCrossed(t)),
      given("the client has come to TIME-WAIT", inState(t, closed, "client", "TIME-WAIT")),
      given("so has the server", inState(t, closed, "server", "TIME-WAIT")),
      ...ask(t),
    ],
  };
}
