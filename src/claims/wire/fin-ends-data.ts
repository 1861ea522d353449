import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { endsWithData, unhurried, unhurriedNeeds } from "../shared/unhurried.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";
import { said, talks, wholeConversation } from "./conversation.ts";

const needs = { capture: true };
const oneMebibyte = 1024 * 1024;
/** More than the kernel takes off a writer's hands while nobody reads: 4 MiB to send, and the receiver's window. */
const large = 16 * 1024 * 1024;

const isFin = (segment: WireSegment) => has(segment, "FIN");

/** What the client's FIN says, when its program has written `bytes` bytes. */
function endsAfter(t: Timeline, bytes: number): readonly Check[] {
  return [
    claimed(
      `it comes after all ${bytes} bytes that the client's program wrote`,
      fin(t, (first) => ({ answer: first.next === bytes + 2, shown: [first] })),
    ),
    claimed(
      "the client sends no new byte after it",
      fin(t, (first, own) => {
        const later = own.filter(({ next }) => next > first.next);
        return { answer: later.length === 0, shown: later.length === 0 ? own.slice(own.indexOf(first)) : later };
      }),
    ),
  ];
}

/** A look at the client's first FIN, among all that it sent. */
function fin(
  t: Timeline,
  look: (first: WireSegment, own: readonly WireSegment[]) => { answer: boolean; shown: readonly WireSegment[] },
): Observation {
  return onWire(t, sides, (all) => {
    const own = sentBy(all, "client");
    const first = own.find(isFin);
    return first === undefined ? { answer: undefined, shown: [] } : look(first, own);
  });
}

function ends(
  name: string,
  bytes: number,
  experiment: (lab: Session) => Promise<void>,
  ask?: (t: Timeline) => Check,
): Case {
  return {
    name,
    needs,
    experiment,
    question: (t) => [...(ask === undefined ? [] : [ask(t)]), ...endsAfter(t, bytes)],
  };
}

const peerGoesOn = ends(
  "the client ends, then the server sends 1 MiB",
  said.client,
  async (lab) => {
    const pair = await connectPair(lab);
    await talks(pair);
    await pair.client.end();
    await pair.server.saw("end");
    await pair.server.write(oneMebibyte);
    await pair.client.received(said.server + oneMebibyte);
    await pair.server.end();
    await pair.client.saw("close");
  },
  (t) =>
    given(
      "the server's data came after the FIN, and was answered",
      fin(t, (first, own) => {
        const shown = own.filter(({ ack = 0, fact }) => fact.at > first.fact.at && ack > oneMebibyte);
        return { answer: shown.length > 0, shown };
      }),
    ),
);

const together: Case = {
  ...ends(
    `the FIN comes together with the last 7 of 12 bytes ${unhurried}`,
    12,
    async (lab) => void (await endsWithData(lab)),
    (t) =>
      given(
        "one segment has FIN and data",
        onWire(t, sides, (all) => someSegment(all, (segment) => isFin(segment) && carriesData(segment))),
      ),
  ),
  needs: unhurriedNeeds,
};

const lostBefore: Case = {
  ...ends(
    `the data before the FIN is lost, and sent again after it ${unhurried}`,
    5,
    async (lab) => {
      const { client, server } = await lab.connect();
      await using lost = await lab.lose("data", { from: client, times: 1 });
      await client.write(5);
      await lost.catches();
      await client.end();
      await server.saw("end");
      await client.saw("close");
    },
    (t) =>
      given(
        "data was sent after the FIN",
        fin(t, (first, own) => {
          const shown = own.filter((segment) => carriesData(segment) && segment.fact.at > first.fact.at);
          return { answer: shown.length > 0, shown };
        }),
      ),
  ),
  needs: unhurriedNeeds,
};

/** Node throws away what the kernel has not taken yet; the kernel sends what it has, and a FIN like any other. */
const destroyed = ends(
  "destroy() while much of 16 MiB waits in Node's memory",
  large,
  async (lab) => {
    const { client, server } = await lab.connect({ server: { pauseOnConnect: true, reading: "none" } });
    await client.write(large);
    await server.hasUnread(1);
    const { writableLength: value } = await client.inspect();
    lab.story.measure(client.host.name, { ...unwritten, value, unit: "bytes" });
    await client.destroy();
    await client.saw("close");
    await server.read();
    await server.resume();
    await server.saw("close", { within: 30_000 });
  },
  (t) =>
    given(
      "Node had not written it all when it was destroyed",
      measured(t, unwritten, (waiting) => waiting > 0),
    ),
);

/** Node counts a write until the kernel has taken all of it. */
const unwritten = { name: "writableLength", label: "before destroy()" };

export const finEndsData: Claim = {
  address: "wire/fin-ends-data",
  statement: {
    en: "FIN=1 says that all the data of this side has been sent.",
    zh: "FIN=1 表示发送方的数据已经全部发送完毕。",
  },
  sources: [...notes("N0", "N2"), rfc9293("3.1"), rfc9293("3.6"), nodeNet("socketdestroyerror")],
  cases: [
    ends("a whole connection, each side ends when it has written", said.client, (lab) => wholeConversation(lab)),
    peerGoesOn,
    together,
    lostBefore,
    destroyed,
  ],
};
