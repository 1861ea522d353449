import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { everySegment, onWire } from "../../judge/wire.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import {
  answersTo,
  arrived,
  carriesData,
  farthest,
  has,
  isSyn,
  isSynAck,
  sentBy,
  type WireSegment,
} from "../../timeline/wire.ts";
import { sides } from "../shared/sides.ts";
import { unhurried, unhurriedNeeds } from "../shared/unhurried.ts";
import { notes, rfc2018, rfc9293 } from "../sources.ts";
import { isAcknowledged, said, wholeConversation } from "./conversation.ts";

const needs = { capture: true };

/** One more than the last number that had arrived from the other side when the segment was sent. */
function isOneMore(segment: WireSegment, all: readonly WireSegment[]): boolean {
  const before = all.filter(
    (other) => other.from === segment.to && arrived(other) && (other.fact.arrivedAt ?? 0) <= segment.fact.at,
  );
  return segment.ack === Math.max(...before.map(({ next }) => next));
}

/** Whether the picked segment of `from` is answered with this number. */
function answers(
  t: Timeline,
  from: EndpointName,
  isPicked: (segment: WireSegment) => boolean,
  number: number,
): Observation {
  return onWire(t, sides, (all) => {
    const picked = all.find((segment) => segment.from === from && arrived(segment) && isPicked(segment));
    const answer = picked === undefined ? undefined : farthest(answersTo(picked, all));
    if (picked === undefined || answer === undefined) return { answer: undefined, shown: [] };
    return { answer: answer.ack === number, shown: [picked, answer] };
  });
}

function everyNumber(t: Timeline): ReturnType<typeof claimed> {
  return claimed(
    "so it is with every acknowledgment of the conversation",
    onWire(t, sides, (all) =>
      everySegment(
        all.filter((segment) => has(segment, "ACK")),
        (segment) => isOneMore(segment, all),
      ),
    ),
  );
}

const afterSyn: Case = {
  name: "after a SYN",
  needs,
  experiment: (lab) => wholeConversation(lab),
  question: (t) => [
    claimed("the client's SYN has number 0 of its count: the answer says 1", answers(t, "client", isSyn, 1)),
    claimed("so has the server's: the answer says 1", answers(t, "server", isSynAck, 1)),
    everyNumber(t),
  ],
};

const afterData: Case = {
  name: "after data",
  needs,
  experiment: (lab) => wholeConversation(lab),
  question: (t) => [
    claimed(
      `after ${said.client} bytes the answer says ${said.client + 1}`,
      answers(t, "client", carriesData, said.client + 1),
    ),
    claimed(
      `after ${said.server} bytes the answer says ${said.server + 1}`,
      answers(t, "server", carriesData, said.server + 1),
    ),
    everyNumber(t),
  ],
};

const afterFin: Case = {
  name: "after a FIN, which counts as a byte",
  needs,
  experiment: (lab) => wholeConversation(lab, 6),
  question: (t) => [
    claimed(
      `after ${said.client} bytes and a FIN the answer says ${said.client + 2}`,
      answers(t, "client", (segment) => has(segment, "FIN"), said.client + 2),
    ),
    claimed(
      `after ${said.server} bytes and a FIN the answer says ${said.server + 2}`,
      answers(t, "server", (segment) => has(segment, "FIN"), said.server + 2),
    ),
    everyNumber(t),
  ],
};

const unread: Case = {
  name: "after data that the program has not read yet",
  needs,
  async experiment(lab) {
    const { client, server } = await lab.connect({ server: { pauseOnConnect: true, reading: "none" } });
    await client.write(said.client);
    await server.hasUnread(said.client);
    await isAcknowledged(client);
    await lab.reading("unread");
  },
  question: (t) => [
    given(
      "the program has read nothing",
      received(t, "server", "unread", (bytes) => bytes === 0),
    ),
    claimed(
      `after ${said.client} bytes the answer says ${said.client + 1}`,
      answers(t, "client", carriesData, said.client + 1),
    ),
  ],
};

const gap: Case = {
  name: `after data that came before the lost bytes in front of it ${unhurried}`,
  needs: unhurriedNeeds,
  async experiment(lab) {
    const { client, server } = await lab.connect();
    // Without Nagle's delay, for the second write does not wait for the answer to the first.
    await client.setNoDelay(true);
    await using lost = await lab.lose("data", { from: client, times: 1 });
    await client.write(5);
    await client.write(7);
    await lost.catches();
    await server.received(12);
    await isAcknowledged(client);
  },
  question: (t) => {
    const second = (segment: WireSegment) => carriesData(segment) && segment.seq === 6;
    return [
      given(
        "bytes 6 to 12 came before bytes 1 to 5",
        onWire(t, sides, (all) => {
          const came = sentBy(all, "client").filter((segment) => carriesData(segment) && arrived(segment));
          const [first] = came.toSorted((a, b) => (a.fact.arrivedAt ?? 0) - (b.fact.arrivedAt ?? 0));
          return { answer: first === undefined ? undefined : first.seq === 6 && first.next === 13, shown: came };
        }),
      ),
      claimed("the last byte received is number 12: the answer says 13", answers(t, "client", second, 13)),
    ];
  },
};

export const ackIsNextByte: Claim = {
  address: "wire/ack-is-next-byte",
  statement: {
    en: "The acknowledgment number is that of the last byte received, plus one; SYN and FIN count as a byte.",
    zh: "确认号等于收到的最后一个字节的编号加一；SYN 和 FIN 各算一个字节。",
  },
  sources: [...notes("N0", "N2", "N3"), rfc9293("3.1"), rfc9293("3.4"), rfc2018("3")],
  cases: [afterSyn, afterData, afterFin, unread, gap],
};
