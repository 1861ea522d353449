import type { Case, Claim } from "../../experiment/claim.ts";
import { anyOf, not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { closes, closesHalf, connectPair, connectSides, leaves, otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, notes, rfc9293 } from "../sources.ts";

const halfClosed = "the active side has closed";
const waiting = "the last ACK has not come";
const closed = "one side is CLOSED";

/** What the statement says of the moment at which one of the two has come to its end. */
function passiveIsFirst(t: Timeline, passive: Side): Check[] {
  const active = otherSide(passive);
  return [
    given(
      "one of the two is CLOSED",
      anyOf(inState(t, closed, passive, "CLOSED"), inState(t, closed, active, "CLOSED")),
    ),
    claimed(`the ${passive}, which was closed upon, is CLOSED`, inState(t, closed, passive, "CLOSED")),
    claimed(`the ${active}, which closed first, is not yet`, not(inState(t, closed, active, "CLOSED"))),
  ];
}

function closesFirst(name: string, side: Side): Case {
  return {
    name,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, side);
      await closes(active, "end");
      await passive.saw("end");
      await closes(passive, "end");
      await active.saw("end");
      await leaves(passive, "LAST-ACK");
      await lab.reading(closed);
    },
    question: (t) => [
      given(`the ${otherSide(side)} was closed upon`, sawEvent(t, otherSide(side), "end")),
      ...passiveIsFirst(t, otherSide(side)),
    ],
  };
}

const lastAckLost: Case = {
  name: "the last ACK is lost, then sent again",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closes(client, "end");
    await server.saw("end");
    await using lastAck = await lab.lose("ACK of FIN", { from: client });
    await closes(server, "end");
    await client.saw("end");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading(waiting);
    await lastAck.lift();
    await leaves(server, "LAST-ACK");
    await lab.reading(closed);
  },
  question: (t) => [
    given("the server waited for the last ACK", inState(t, waiting, "server", "LAST-ACK")),
    given("the client had come to its last state", inState(t, waiting, "client", "TIME-WAIT")),
    ...passiveIsFirst(t, "server"),
  ],
};

const finTimeout: Pick<Case, "needs" | "timerMs"> = {
  needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
  timerMs: 1000,
};

const passiveKeepsOpen: Case = {
  name: "the active side closed with destroy() and the passive side keeps its own open, tcp_fin_timeout 60 → 1 s",
  ...finTimeout,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server, "destroy");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading(closed);
  },
  question: (t) => [
    given("the server has seen the client's end", sawEvent(t, "server", "end")),
    ...passiveIsFirst(t, "server"),
  ],
};

const passivesFinLost: Case = {
  name: "the active side closed with destroy() and the passive side's FIN is lost, tcp_fin_timeout 60 → 1 s",
  ...finTimeout,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using fin = await lab.lose("FIN", { from: server });
    await closes(client, "destroy");
    await server.saw("end");
    await closes(server, "end");
    await leaves(client, "FIN-WAIT-1");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading(closed);
    await fin.lift();
  },
  question: (t) => [
    given("the server has seen the client's end", sawEvent(t, "server", "end")),
    given("the server has closed in answer", sawEvent(t, "server", "finish")),
    ...passiveIsFirst(t, "server"),
  ],
};

const noTimeWait: Case = {
  name: "no TIME-WAIT is allowed, with tcp_max_tw_buckets 0, and the answer to the last FIN is lost",
  needs: { sysctls: { "net.ipv4.tcp_max_tw_buckets": 0 } },
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server);
    await lab.reading(halfClosed);
    await using answers = await lab.lose("everything", { from: client });
    await closes(server, "end");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading(closed);
    await answers.lift();
  },
  question: (t) => [
    given("the client waited for the server's FIN", inState(t, halfClosed, "client", "FIN-WAIT-2")),
    ...passiveIsFirst(t, "server"),
  ],
};

export const passiveEndsFirst: Claim = {
  address: "close/passive-ends-first",
  statement: {
    en: "The side that was closed upon is CLOSED before the side that closed first.",
    zh: "被动关闭的一方比主动关闭的一方更早进入 CLOSED。",
  },
  sources: [...notes("N0"), rfc9293("3.6"), ipSysctl("tcp_fin_timeout"), ipSysctl("tcp_max_tw_buckets")],
  cases: [
    closesFirst("the client closes first, the server ends in answer", "client"),
    closesFirst("the server closes first, the client ends in answer", "server"),
    lastAckLost,
    passiveKeepsOpen,
    passivesFinLost,
    noTimeWait,
  ],
};
