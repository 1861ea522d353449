import { expect, test } from "vitest";
import { caught } from "../../../src/judge/caught.ts";
import { timelineOf } from "../../../src/timeline/timeline.ts";
import { fault } from "../timeline/facts.ts";

const applied = [fault(1, "applied"), fault(2, "applied", 0, "lose-ack")];
const lifted = [...applied, fault(3, "lifted", 2, "lose-ack"), fault(4, "lifted", 5)];

test("a fault's catch is what it had lost when it was lifted, by the order in which faults were applied", () => {
  const t = timelineOf(lifted);
  expect(caught(t, (count) => count === 5)).toEqual({ answer: true, evidence: [lifted[3]] });
  expect(caught(t, (count) => count > 2, 1)).toEqual({ answer: false, evidence: [lifted[2]] });
});

test("the catch of a fault that was not lifted, or not applied, is unseen", () => {
  const unseen = { answer: undefined, evidence: [] };
  expect(caught(timelineOf(applied), () => true)).toEqual(unseen);
  expect(caught(timelineOf(lifted), () => true, 2)).toEqual(unseen);
});
