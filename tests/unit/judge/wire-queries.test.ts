import { describe, expect, test } from "vitest";
import { inTurn, onWholeWire } from "../../../src/judge/wire.ts";
import type { Fact, SegmentFact } from "../../../src/model/fact.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import {
  answersTo,
  arrived,
  carriesData,
  farthest,
  has,
  isBareAck,
  isSyn,
  isSynAck,
  sentBy,
  type WireSegment,
  wireOf,
} from "../../../src/timeline/wire.ts";
import { observer, segment } from "../timeline/segments.ts";

const opening: readonly SegmentFact[] = [
  segment(0, "client", "SYN"),
  segment(0.1, "server", "SYN,ACK", { ack: 1 }),
  segment(0.2, "client", "ACK", { seq: 1, ack: 1 }),
];
const wire = (...facts: readonly Fact[]): readonly WireSegment[] => wireOf(timelineOf(facts));
const numbers = (segments: readonly WireSegment[]) => segments.map(({ seq, ack }) => [seq, ack]);

describe("segments by kind", () => {
  test("a SYN has no ACK, a SYN+ACK has", () => {
    const all = wire(...opening);
    expect(all.map(isSyn)).toEqual([true, false, false]);
    expect(all.map(isSynAck)).toEqual([false, true, false]);
  });

  test("one side's segments keep their order", () => {
    expect(numbers(sentBy(wire(...opening), "client"))).toEqual([
      [0, undefined],
      [1, 1],
    ]);
  });
});

describe("the answers to a segment", () => {
  const first = segment(1, "client", "PSH,ACK", { seq: 1, ack: 1, len: 5, lostTo: "fault-1" });
  const second = segment(2, "client", "PSH,ACK", { seq: 6, ack: 1, len: 7 });
  const duplicate = segment(2.1, "server", "ACK", { seq: 1, ack: 1 });
  const again = segment(3, "client", "PSH,ACK", { seq: 1, ack: 1, len: 5 });
  const filled = segment(3.1, "server", "ACK", { seq: 1, ack: 13 });
  const all = wire(...opening, first, second, duplicate, again, filled);
  const answers = (index: number) => all.slice(index, index + 1).flatMap((one) => answersTo(one, all));

  test("end where something else arrives", () => {
    expect(numbers(answers(4))).toEqual([[1, 1]]);
    expect(numbers(answers(6))).toEqual([[1, 13]]);
  });

  test("go on while only the same arrives again", () => {
    const twice = wire(
      ...opening,
      second,
      duplicate,
      segment(2.5, "client", "PSH,ACK", { seq: 6, ack: 1, len: 7 }),
      filled,
    );
    expect(numbers(answersTo(twice.find(carriesData) ?? expect.fail(), twice))).toEqual([
      [1, 1],
      [1, 13],
    ]);
  });

  test("are none to a segment that was lost", () => {
    expect(all[3] !== undefined && arrived(all[3])).toBe(false);
    expect(answers(3)).toEqual([]);
  });

  test("include the acknowledgment of a SYN+ACK by the other side", () => {
    expect(answers(1).filter(isBareAck)).toHaveLength(1);
  });

  test("have one that acknowledges most", () => {
    expect(farthest(all)?.ack).toBe(13);
    expect(farthest(all.filter(isSyn))).toBeUndefined();
  });
});

describe("segments in turn", () => {
  const all = wire(...opening);
  const isAck = (one: WireSegment) => has(one, "ACK");

  test("are as asked, one by one", () => {
    expect(inTurn(all, [isSyn, isSynAck, isBareAck]).answer).toBe(true);
    expect(inTurn(all, [isSyn, isSynAck]).shown).toHaveLength(2);
  });

  test("are not when one is not", () => {
    expect(inTurn(all, [isSyn, isSyn, isBareAck]).answer).toBe(false);
  });

  test("are unseen when there are too few, unless one of them is not as asked", () => {
    expect(inTurn([], [isSyn]).answer).toBeUndefined();
    expect(inTurn(all, [isSyn, isSynAck, isBareAck, isAck]).answer).toBeUndefined();
    expect(inTurn(all, [isSyn, isSyn, isBareAck, isAck]).answer).toBe(false);
  });
});

test("the whole wire has segments of ends without a name too", () => {
  const facts = [observer("client"), segment(0, "client", "SYN", { isUnnamed: true })];
  const seen = onWholeWire(fromFirstFact(timelineOf(facts)), (all) => ({ answer: all.length === 1, shown: all }));
  expect(seen.answer).toBe(true);
  expect(seen.evidence).toHaveLength(1);
});
