import { describe, expect, test } from "vitest";
import { Growth } from "../../../src/leak/watch/growth.ts";

const hourMs = 3_600_000;

/** The growth of a count that is read every second. */
function watched(seconds: number, countAt: (second: number) => number, everyS = 1): Growth {
  const growth = new Growth();
  for (let second = 0; second <= seconds; second += everyS) growth.add(second * 1000, countAt(second));
  return growth;
}

describe("growth", () => {
  test("is not told before ten seconds and five readings", () => {
    expect(new Growth().perHour()).toBeUndefined();
    expect(watched(9, (s) => s).perHour()).toBeUndefined();
    expect(watched(60, (s) => s, 20).perHour()).toBeUndefined();
    expect(watched(10, (s) => s).perHour()).toBeCloseTo(3600);
  });

  test("of what does not change is none", () => {
    expect(watched(20, () => 100).perHour()).toBe(0);
  });

  test("by one or two sockets is no trend before ten minutes have passed", () => {
    const twoMore = (second: number) => (second > 30 ? 2 : 0);
    expect(watched(60, twoMore).perHour()).toBeUndefined();
    expect(watched(600, twoMore).perHour()).toBeGreaterThan(0);
  });

  test("is the rate of a steady leak, however long it was watched", () => {
    for (const minutes of [1, 10, 60, 24 * 60]) {
      const perHour = watched(minutes * 60, (second) => Math.floor(second / 10), 5).perHour();
      expect(perHour, `${minutes} min`).toBeGreaterThan(300);
      expect(perHour, `${minutes} min`).toBeLessThan(420);
    }
  });

  test("is that of the last hour: what grew before does not count for ever", () => {
    const growth = new Growth();
    for (let at = 0; at <= 3 * hourMs; at += 10_000) growth.add(at, at < hourMs ? at / 1000 : hourMs / 1000);
    expect(growth.perHour()).toBe(0);
  });

  test("can be negative", () => {
    expect(watched(60, (s) => 100 - s).perHour()).toBeCloseTo(-3600);
  });
});
