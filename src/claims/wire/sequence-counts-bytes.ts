import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { onWire, type WireFinding } from "../../judge/wire.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";
import { isAcknowledged, said, talks } from "./conversation.ts";
import { pastTheLastNumber } from "./past-the-last-number.ts";

const needs = { capture: true };
const oneMebibyte = 1024 * 1024;

/** Each new segment's number is the number of bytes before it, counted from 1; a repeated one stays below that. */
function countsBytes(segments: readonly WireSegment[]): WireFinding {
  let before = 0;
  const strays = segments.filter(({ seq, fact }) => {
    const { payloadBytes } = fact.segment;
    const isNew = seq === before + 1;
    const isRepeated = seq >= 1 && seq + payloadBytes <= before + 1;
    if (isNew) before += payloadBytes;
    return !isNew && !isRepeated;
  });
  return segments.length === 0
    ? { answer: undefined, shown: [] }
    : { answer: strays.length === 0, shown: strays.length === 0 ? segments : strays };
}

/** What the statement says of one side's data, `bytes` in all. */
function numbered(t: Timeline, from: EndpointName, bytes: number): readonly Check[] {
  const data = (segments: readonly WireSegment[]) => sentBy(segments, from).filter(carriesData);
  return [
    claimed(
      `each of the ${from}'s segments has the number of its first byte, the ${from}'s first byte being number 1`,
      onWire(t, sides, (segments) => countsBytes(data(segments))),
    ),
    claimed(
      `the last of ${bytes} bytes has number ${bytes}`,
      onWire(t, sides, (segments) => {
        const last = data(segments).toSorted((a, b) => b.next - a.next)[0];
        return last === undefined
          ? { answer: undefined, shown: [] }
          : { answer: last.next - 1 === bytes, shown: [last] };
      }),
    ),
  ];
}

/** Writes of these sizes by the client, each acknowledged before the next. */
function writes(name: string, sizes: readonly number[], before?: (pair: Pair) => Promise<unknown>): Case {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    name,
    needs,
    async experiment(lab) {
      const pair = await connectPair(lab);
      await before?.(pair);
      for (const size of sizes) {
        await pair.client.write(size);
        await isAcknowledged(pair.client);
      }
      await pair.server.received(bytes, { within: 30_000 });
      await lab.reading("written");
    },
    question: (t) => [
      given(
        "the server has been handed every byte",
        received(t, "server", "written", (total) => total === bytes),
      ),
      ...numbered(t, "client", bytes),
    ],
  };
}

const bothWays: Case = {
  name: "both sides write: each has its own count",
  needs,
  async experiment(lab) {
    await talks(await connectPair(lab));
  },
  question: (t) => [...numbered(t, "client", said.client), ...numbered(t, "server", said.server)],
};

const resent: Case = {
  name: "bytes that are lost and sent again",
  needs,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using lost = await lab.lose("data", { from: client, times: 1 });
    await client.write(5);
    await lost.catches();
    await isAcknowledged(client);
    await client.write(7);
    await server.received(12);
  },
  question: (t) => [
    given(
      "the first 5 bytes were sent more than once",
      onWire(t, sides, (all) => {
        const first = sentBy(all, "client").filter(
          (segment) => carriesData(segment) && segment.fact.segment.payloadBytes === 5,
        );
        return { answer: first.length === 0 ? undefined : first.length > 1, shown: first };
      }),
    ),
    ...numbered(t, "client", 12),
  ],
};

export const sequenceCountsBytes: Claim = {
  address: "wire/sequence-counts-bytes",
  statement: {
    en: "Every byte that is sent has a number; a segment's sequence number is that of its first byte, so n bytes move the number on by n.",
    zh: "发送的每个字节都有编号；报文段的序号就是其中第一个字节的编号，所以每发送 n 个字节，序号就增加 n。",
  },
  sources: [...notes("N0", "N2", "N4"), rfc9293("3.4"), rfc9293("3.1")],
  cases: [
    writes("one write of 5 bytes", [5]),
    writes("four writes of 1, 10, 100 and 1000 bytes", [1, 10, 100, 1000]),
    writes("a large transfer: one write of 1 MiB", [oneMebibyte]),
    bothWays,
    resent,
    pastTheLastNumber,
  ],
};
