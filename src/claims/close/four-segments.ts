import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { onWire } from "../../judge/wire.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { connectPair, leaves, otherSide, type Side } from "../shared/sides.ts";
import { notes } from "../sources.ts";
import {
  acknowledgedFirst,
  answeredAtOnce,
  answeredLater,
  answerSources,
  isClosed,
  whenBothClose,
  whenClosed,
} from "./answers.ts";
import { answeredInTime, closingOf, type Ends, onlyEnds, sequenceOf, soonestAnswer } from "./segments.ts";
import { type Act, answersAtOnce, answersLater, bothClosed, closed } from "./ways-to-answer.ts";

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
  return whenClosed(name, active, act, isFinAckFinAck);
}

function closesAtOnce(name: string, active: Side): Case {
  return {
    name,
    ...answersAtOnce(active),
    question: (t) => {
      const ends = soonestAnswer(t, active);
      return [
        isClosed(t, ends[otherSide(active)]),
        given("its FIN left within the 40 ms for which Linux keeps an ACK back", answeredInTime(t, ends, active)),
        ...isFinAckFinAck(t, ends),
      ];
    },
  };
}

/** What is lost is sent again. */
function lostOnce(name: string, segment: "FIN" | "bare ACK", from: Side): Case {
  return closes(name, "client", {
    needs: { capture: true },
    async experiment(lab) {
      const pair = await connectPair(lab);
      const { client, server } = pair;
      await lab.lose(segment, { from: pair[from], times: 1 });
      await client.end();
      await client.reaches("FIN-WAIT-2");
      await server.end();
      await bothClosed(lab, server);
    },
  });
}

const reset: Case = {
  name: "the client closes with resetAndDestroy()",
  needs: { capture: true },
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
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
  sources: [...notes("N0", "N1", "N2", "N3", "N4"), ...answerSources],
  cases: [
    ...answeredLater.map((one) => closes(...one)),
    closes("the server answers later, over IPv6", "client", answersLater("client", 6)),
    ...acknowledgedFirst.map((one) => closes(...one)),
    ...answeredAtOnce.map((one) => closesAtOnce(...one)),
    whenBothClose(isFinAckFinAck),
    lostOnce("the first FIN is lost once", "FIN", "client"),
    lostOnce("the first ACK is lost once", "bare ACK", "server"),
    reset,
  ],
};
