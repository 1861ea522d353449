import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { onWire } from "../../judge/wire.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";
import { answeredInTime, closingOf, type Ends, finsCrossed, onlyEnds, sequenceOf, soonestAnswer } from "./segments.ts";
import { connectSides, leaves, otherSide, type Side } from "./sides.ts";
import {
  type Act,
  answersAtOnce,
  answersLater,
  bothClosed,
  closed,
  closesToo,
  isFrozen,
  sendsMore,
} from "./ways-to-answer.ts";

/** What the statement says of the segments, once the close is over. */
function isFinAckFinAck(t: Timeline, { client, server }: Ends = onlyEnds): Check[] {
  return [
    claimed(
      "four segments close the connection",
      onWire(t, [client, server], (segments) => {
        const closing = closingOf(segments);
        return { answer: closing.length === 4, shown: closing };
      }),
    ),
    claimed(
      "they are FIN, ACK, FIN, ACK",
      onWire(t, [client, server], (segments) => {
        return { answer: sequenceOf(segments) === "FIN, ACK, FIN, ACK", shown: closingOf(segments) };
      }),
    ),
  ];
}

function closes(name: string, active: Side, act: Act): Case {
  const passive = otherSide(active);
  return {
    name,
    ...act,
    question: (t) => [
      given(`the ${passive}, which was closed upon, is CLOSED`, inState(t, closed, passive, "CLOSED")),
      ...isFinAckFinAck(t),
    ],
  };
}

function closesAtOnce(name: string, active: Side): Case {
  return {
    name,
    ...answersAtOnce(active),
    question: (t) => {
      const ends = soonestAnswer(t, active);
      const passive = ends[otherSide(active)];
      return [
        given(`the ${passive}, which was closed upon, is CLOSED`, inState(t, closed, passive, "CLOSED")),
        given("its FIN left within the 40 ms for which Linux keeps an ACK back", answeredInTime(t, ends, active)),
        ...isFinAckFinAck(t, ends),
      ];
    },
  };
}

const simultaneously: Case = {
  name: "both sides close at the same time",
  ...closesToo,
  question: (t) => [
    given("neither FIN answers the other", finsCrossed(t)),
    given("the client has come to TIME-WAIT", inState(t, closed, "client", "TIME-WAIT")),
    given("so has the server", inState(t, closed, "server", "TIME-WAIT")),
    ...isFinAckFinAck(t),
  ],
};

const finLost: Case = closes("the first FIN is lost once", "client", {
  needs: { capture: true },
  async experiment(lab) {
    const { active: client, passive: server } = await connectSides(lab, "client");
    await lab.lose("FIN", { from: client, times: 1 });
    await client.end();
    await client.reaches("FIN-WAIT-2");
    await server.end();
    await bothClosed(lab, server);
  },
});

const ackLost: Case = closes("the first ACK is lost once", "client", {
  needs: { capture: true },
  async experiment(lab) {
    const { active: client, passive: server } = await connectSides(lab, "client");
    await lab.lose("bare ACK", { from: server, times: 1 });
    await client.end();
    await client.reaches("FIN-WAIT-2");
    await server.end();
    await bothClosed(lab, server);
  },
});

const reset: Case = {
  name: "the client closes with resetAndDestroy()",
  needs: { capture: true },
  async experiment(lab) {
    const { active: client, passive: server } = await connectSides(lab, "client");
    await client.resetAndDestroy();
    await server.saw("close");
    await leaves(server, "ESTABLISHED");
    await lab.reading(closed);
  },
  question: (t) => [
    given("the client's connection is gone", inState(t, closed, "client", "CLOSED")),
    given("so is the server's", inState(t, closed, "server", "CLOSED")),
    ...isFinAckFinAck(t),
  ],
};

export const fourSegments: Claim = {
  address: "close/four-segments",
  statement: {
    en: "Closing a connection takes four segments: FIN, ACK, FIN, ACK.",
    zh: "关闭一个连接需要四个报文段：FIN、ACK、FIN、ACK。",
  },
  sources: [
    ...notes("N0", "N1", "N2", "N3", "N4"),
    rfc9293("3.6"),
    rfc9293("3.8.6.3"),
    rfc1122("4.2.3.2"),
    manual("tcp(7)", "TCP_QUICKACK"),
    manual("ip-route(8)", "quickack"),
    nodeNet("new-netsocketoptions"),
  ],
  cases: [
    closes("the server answers later", "client", answersLater("client")),
    closes("the client answers later", "server", answersLater("server")),
    closes("the server answers later, over IPv6", "client", answersLater("client", 6)),
    closes("the server sends more before it closes", "client", sendsMore("client", 1000)),
    closes("the server would answer at once, but its process is stopped for a while", "client", isFrozen),
    closes(
      "the server answers at once, and its route asks for every ACK at once (ip route quickack 1)",
      "client",
      answersAtOnce("client", { quickAcks: true }),
    ),
    closesAtOnce("the server answers at once, as Node does by default (allowHalfOpen: false)", "client"),
    closesAtOnce("the client answers at once, as Node does by default (allowHalfOpen: false)", "server"),
    simultaneously,
    finLost,
    ackLost,
    reset,
  ],
};
