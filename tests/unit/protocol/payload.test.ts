import fc from "fast-check";
import { expect, test } from "vitest";
import { pattern, patternByte, patternPeriod, patternViews } from "../../../src/protocol/payload.ts";

const offset = fc.nat({ max: 2 ** 40 });

test("the pattern repeats with its period", () => {
  fc.assert(fc.property(offset, (at) => patternByte(at + patternPeriod) === patternByte(at)));
});

test("a stretch of the pattern is its bytes, one by one", () => {
  fc.assert(
    fc.property(offset, fc.nat({ max: 3000 }), (at, bytes) => {
      expect([...pattern(at, bytes)]).toEqual(Array.from({ length: bytes }, (_, index) => patternByte(at + index)));
    }),
  );
});

test("a long stretch is consecutive views of the same pattern", () => {
  const bytes = 5_000_003;
  const views = [...patternViews(70_001, bytes)];
  expect(Buffer.concat(views).equals(pattern(70_001, bytes))).toBe(true);
  expect(Buffer.concat(views)[bytes - 1]).toBe(patternByte(70_001 + bytes - 1));
  expect(new Set(views.map((view) => view.buffer)).size).toBe(1);
});

test("nothing is one empty view", () => {
  expect([...patternViews(5, 0)].map((view) => view.length)).toEqual([0]);
});
