import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire, someSegment, type WireFinding } from "../../judge/wire.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { answersTo, arrived, carriesData, farthest, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { sides } from "../shared/sides.ts";
import { endsWithData, unhurried, unhurriedNeeds } from "../shared/unhurried.ts";
import { notes, rfc9293 } from "../sources.ts";
import { wholeConversation } from "./conversation.ts";

const needs = { capture: true };

const isEmpty = (segment: WireSegment) => !carriesData(segment);

/** Whether a segment with this flag is counted one further than its data brings it, by the other side and by its own. */
function usesOne(
  t: Timeline,
  from: EndpointName,
  flag: "SYN" | "FIN",
  isIt: (segment: WireSegment) => boolean = () => true,
): readonly Check[] {
  const look = (
    follower: (it: WireSegment, all: readonly WireSegment[]) => WireSegment | undefined,
    number: "ack" | "seq",
  ) =>
    onWire(t, sides, (all): WireFinding => {
      const it = all.find((one) => one.from === from && arrived(one) && has(one, flag) && isIt(one));
      const following = it === undefined ? undefined : follower(it, all);
      if (it === undefined || following === undefined) return { answer: undefined, shown: [] };
      return { answer: following[number] === it.seq + it.fact.segment.payloadBytes + 1, shown: [it, following] };
    });
  return [
    claimed(
      `the ${from}'s ${flag} is acknowledged by one more than its data asks for`,
      look((it, all) => farthest(answersTo(it, all)), "ack"),
    ),
    claimed(
      `what the ${from} sends next has that number`,
      look((it, all) => nextOwn(it, all, flag), "seq"),
    ),
  ];
}

/** The sender's next segment that does not repeat this one, nor data from before it. */
function nextOwn(it: WireSegment, all: readonly WireSegment[], flag: "SYN" | "FIN"): WireSegment | undefined {
  return sentBy(all.slice(all.indexOf(it) + 1), it.from ?? "").find(
    (one) => !has(one, flag) && !(carriesData(one) && one.next <= it.seq),
  );
}

function whole(name: string, family: 4 | 6, question: Case["question"]): Case {
  return { name, needs, experiment: (lab) => wholeConversation(lab, family), question };
}

export const finTakesANumber: Claim = {
  address: "wire/fin-takes-a-number",
  statement: {
    en: "A FIN uses up one sequence number even when it carries no data, and so does a SYN.",
    zh: "FIN 报文段即使不携带数据也要消耗一个序号，SYN 也是如此。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.4"), rfc9293("3.1")],
  cases: [
    whole("an empty FIN", 4, (t) => usesOne(t, "client", "FIN", isEmpty)),
    whole("a SYN, and the SYN+ACK that answers it", 4, (t) => [
      ...usesOne(t, "client", "SYN"),
      ...usesOne(t, "server", "SYN"),
    ]),
    whole("the same over IPv6", 6, (t) => [...usesOne(t, "client", "SYN"), ...usesOne(t, "client", "FIN", isEmpty)]),
    {
      name: `a FIN together with data ${unhurried}`,
      needs: unhurriedNeeds,
      experiment: async (lab) => void (await endsWithData(lab)),
      question: (t) => [
        given(
          "one segment has FIN and data",
          onWire(t, sides, (all) => someSegment(all, (segment) => has(segment, "FIN") && carriesData(segment))),
        ),
        ...usesOne(t, "client", "FIN", carriesData),
      ],
    },
    {
      name: "an empty FIN that is lost and sent again: it uses one, not two",
      needs,
      async experiment(lab) {
        const { client, server } = await lab.connect();
        await using lost = await lab.lose("FIN", { from: client, times: 1 });
        await client.end();
        await lost.catches();
        await server.saw("end");
        await client.saw("close");
      },
      question: (t) => [
        ...usesOne(t, "client", "FIN", isEmpty),
        claimed(
          "both times it has the same number",
          onWire(t, sides, (all) => {
            const fins = sentBy(all, "client").filter((segment) => has(segment, "FIN"));
            const [first, second] = fins;
            return { answer: second === undefined ? undefined : second.seq === first?.seq, shown: fins };
          }),
        ),
      ],
    },
  ],
};
