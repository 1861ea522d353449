import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire, type WireFinding } from "../../judge/wire.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { isBareAck, type WireSegment } from "../../timeline/wire.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { endsWithData, unhurried, unhurriedNeeds } from "../shared/unhurried.ts";
import { notes, rfc9293 } from "../sources.ts";
import { whenBothClose, whenClosed } from "./answers.ts";
import { answeredInTime, type Ends, finOf, onlyEnds, soonestAnswer } from "./segments.ts";
import { type Act, answersAtOnce, answersLater, bothClosed, sendsMore } from "./ways-to-answer.ts";

/** u and w: the numbers in the headers of the two FINs. */
interface Fins {
  readonly first: WireSegment;
  readonly second: WireSegment;
  readonly segments: readonly WireSegment[];
}

/** The numbers as the statement gives them; what has no FIN to count from is unseen. */
function asStated(t: Timeline, side: Side, ends: Ends = onlyEnds): Check[] {
  const [active, passive] = [ends[side], ends[otherSide(side)]];
  const look = (what: string, find: (fins: Fins) => WireFinding) =>
    claimed(
      what,
      onWire(t, [active, passive], (segments) => {
        const [first, second] = [finOf(segments, active), finOf(segments, passive)];
        return first === undefined || second === undefined
          ? { answer: undefined, shown: [] }
          : find({ first, second, segments });
      }),
    );
  return [
    look(`the ${active}'s FIN, of number u, is acknowledged with u+1 first of all`, ({ first, segments }) => {
      const answer = segments.find(({ from, ack }) => from === passive && (ack ?? 0) > first.seq);
      return { answer: answer?.ack === first.seq + 1, shown: [first, ...(answer === undefined ? [] : [answer])] };
    }),
    look(`the ${passive}'s FIN, of number w, acknowledges u+1`, ({ first, second }) => ({
      answer: second.ack === first.seq + 1,
      shown: [first, second],
    })),
    look(`the ${active}'s last segment has number u+1 and acknowledges w+1`, ({ first, second, segments }) => {
      const last = segments.findLast((segment) => segment.from === active && isBareAck(segment));
      const isSo = last?.seq === first.seq + 1 && last.ack === second.seq + 1;
      return { answer: isSo, shown: [first, second, ...(last === undefined ? [] : [last])] };
    }),
  ];
}

function closes(name: string, active: Side, act: Act, premises: (t: Timeline) => readonly Check[] = () => []): Case {
  return whenClosed(name, active, act, (t) => [...premises(t), ...asStated(t, active)]);
}

const inOne: Case = {
  name: "the server answers at once, with FIN and ACK in one segment",
  ...answersAtOnce("client"),
  question: (t) => {
    const ends = soonestAnswer(t, "client");
    return [
      given("its FIN left before its kernel acknowledged by itself", answeredInTime(t, ends, "client")),
      ...asStated(t, "client", ends),
    ];
  },
};

/** See endsWithData: left alone, Node shuts down when all has been written, and Linux sends the data before it hears of that. */
const finWithData: Act = {
  needs: unhurriedNeeds,
  async experiment(lab) {
    const { server } = await endsWithData(lab);
    await bothClosed(lab, server);
  },
};

function carriesData(t: Timeline): Observation {
  return onWire(t, ["client", "server"], (segments) => {
    const fin = finOf(segments, "client");
    return fin === undefined
      ? { answer: undefined, shown: [] }
      : { answer: fin.fact.segment.payloadBytes > 0, shown: [fin] };
  });
}

export const closeNumbers: Claim = {
  address: "close/numbers",
  statement: {
    en: "In a close the first FIN has sequence number u and is acknowledged with u+1; the second FIN has number w and acknowledges u+1; the last ACK has number u+1 and acknowledges w+1.",
    zh: "关闭时，第一个 FIN 的序号是 u，对它的确认号是 u+1；第二个 FIN 的序号是 w，确认号仍是 u+1；最后一个 ACK 的序号是 u+1，确认号是 w+1。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.4"), rfc9293("3.6")],
  cases: [
    closes("nothing was ever sent", "client", answersLater("client")),
    closes("the server closes first", "server", answersLater("server")),
    closes("nothing was ever sent, over IPv6", "client", answersLater("client", 6)),
    closes(
      "the client sent 1000 bytes before its FIN, and the server 1000 between the FINs",
      "client",
      sendsMore("client", 1000),
    ),
    closes(
      "the server sent 70,000 bytes before its FIN, and the client 70,000 between the FINs",
      "server",
      sendsMore("server", 70_000),
    ),
    inOne,
    closes(`the first FIN carries the last 7 of 12 bytes too ${unhurried}`, "client", finWithData, (t) => [
      given("it has data with it", carriesData(t)),
    ]),
    whenBothClose((t) => asStated(t, "client")),
  ],
};
