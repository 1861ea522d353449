import { describe, expect, test } from "vitest";
import { CaptureClock } from "../../../../src/lab/observers/capture-clock.ts";

describe("a capture's clock", () => {
  test("is known as well as its surest comparison", () => {
    const clock = new CaptureClock();
    expect(clock.offset.uncertaintyNs).toBe(Number.POSITIVE_INFINITY);
    clock.compared({ ns: 1000, uncertaintyNs: 500 });
    clock.compared({ ns: 1200, uncertaintyNs: 100 });
    clock.compared({ ns: 900, uncertaintyNs: 400 });
    expect(clock.offset).toEqual({ ns: 1200, uncertaintyNs: 100 });
  });

  test("is compared anew when the wall clock was set", () => {
    const clock = new CaptureClock();
    clock.compared({ ns: 1000, uncertaintyNs: 100 });
    clock.started();
    clock.compared({ ns: 5_000_000, uncertaintyNs: 300 });
    expect(clock.offset).toEqual({ ns: 5_000_000, uncertaintyNs: 300 });
    expect(clock.driftNs).toBe(4_999_000);
  });

  test("has not drifted while comparisons agree", () => {
    const clock = new CaptureClock();
    clock.compared({ ns: 1000, uncertaintyNs: 500 });
    clock.compared({ ns: 1300, uncertaintyNs: 50 });
    clock.started();
    expect(clock.driftNs).toBe(0);
  });
});
