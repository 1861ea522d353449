import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { onWire } from "../../judge/wire.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has } from "../../timeline/wire.ts";
import { connectPair, otherSide, type Side } from "../shared/sides.ts";
import { notes } from "../sources.ts";
import { acknowledgedFirst, answeredAtOnce, answeredLater, answerSources } from "./answers.ts";
import { acknowledgesFin, answeredInTime, type Ends, onlyEnds, soonestAnswer } from "./segments.ts";
import { type Act, answersAtOnce, bothClosed, closed } from "./ways-to-answer.ts";

/** What the statement says of one connection, once the passive side has closed too. */
function apart(t: Timeline, ends: Ends, active: Side): Check[] {
  const [closer, passive] = [ends[active], ends[otherSide(active)]];
  return [
    given(`the ${passive} has closed in answer`, inState(t, closed, passive, "CLOSED")),
    claimed(
      `what first brings the ${closer} the ACK of its FIN is not the ${passive}'s own FIN`,
      onWire(t, [closer, passive], (segments) => {
        const answers = segments.filter(
          (segment) => segment.from === passive && arrived(segment) && acknowledgesFin(segment, segments),
        );
        const [first] = answers;
        return first === undefined ? { answer: undefined, shown: [] } : { answer: !has(first, "FIN"), shown: answers };
      }),
    ),
  ];
}

function closes(name: string, active: Side, act: Act): Case {
  return { name, ...act, question: (t) => apart(t, onlyEnds, active) };
}

function closesAtOnce(name: string, active: Side): Case {
  return {
    name,
    ...answersAtOnce(active),
    question: (t) => {
      const ends = soonestAnswer(t, active);
      return [
        given("its FIN left within the 40 ms for which Linux keeps an ACK back", answeredInTime(t, ends, active)),
        ...apart(t, ends, active),
      ];
    },
  };
}

const bareAcksLost: Act = {
  needs: { capture: true },
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using lost = await lab.lose("bare ACK", { from: server });
    await client.end();
    await server.saw("end");
    await lost.catches();
    await server.end();
    await bothClosed(lab, server);
    await lost.lift();
  },
};

export const ackAndFinApart: Claim = {
  address: "close/ack-and-fin-apart",
  statement: {
    en: "The side that is closed upon cannot send its ACK and its FIN in one segment, which is why closing takes one segment more than opening.",
    zh: "被动关闭的一方不能把 ACK 和 FIN 放在同一个报文段里发送，所以关闭比建立多一个报文段。",
  },
  sources: [...notes("N0", "N1", "N2", "N3"), ...answerSources],
  cases: [
    ...answeredLater.map((one) => closes(...one)),
    ...acknowledgedFirst.map((one) => closes(...one)),
    ...answeredAtOnce.map((one) => closesAtOnce(...one)),
    closes("the server answers later, and the ACKs it sends before that are lost", "client", bareAcksLost),
  ],
};
