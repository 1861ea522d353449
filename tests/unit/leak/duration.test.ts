import { expect, test } from "vitest";
import { readDuration } from "../../../src/leak/duration.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5h", 5_400_000],
  ["2min", 120_000],
  ["2m", 120_000],
  ["1d", 86_400_000],
  ["30", undefined],
  ["s", undefined],
  ["-1s", undefined],
  ["1e9s", undefined],
])("the duration %s is %s ms", (text, expected) => {
  expect(readDuration(text)).toBe(expected);
});
