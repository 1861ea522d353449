import { expect, expectTypeOf, test } from "vitest";
import type { FindLeaksOptions, LeakReport, LeakTarget, TcpState } from "../../src/index.ts";
import { describeLeaks, findLeaks } from "../../src/index.ts";
import type { FinwaitMatchers } from "../../src/matchers/vitest.ts";

// Nothing here runs: tsc, which `npm test` runs first, is what checks it.
const shape = (_uses: () => void) => {};

test("expect has the matchers, and each gives a promise", () => {
  shape(() => {
    expectTypeOf(expect(1).toReach("CLOSE-WAIT")).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(1).not.toReach(["FIN-WAIT-2", "TIME-WAIT"], { within: 5 })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(1).toStayIn("FIN-WAIT-2", { for: 5 })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(1).not.toBeHalfClosed()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(1).toSendNothing({ for: 5 })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(1).toLeakNoSockets({ grace: 5 })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect.soft(1).toLeakNoSockets()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(expect(Promise.resolve(1)).resolves.toLeakNoSockets()).toEqualTypeOf<Promise<void>>();
  });
  expectTypeOf<Parameters<FinwaitMatchers["toReach"]>[0]>().toEqualTypeOf<TcpState | readonly TcpState[]>();
});

test("a wrong state, a missing time and an unknown option do not compile", () => {
  shape(() => {
    // @ts-expect-error a hyphen is missing
    void expect(1).toReach("CLOSEWAIT");
    // @ts-expect-error ss's name, not RFC 9293's
    void expect(1).toStayIn("ESTAB", { for: 5 });
    // @ts-expect-error one state only
    void expect(1).toStayIn(["CLOSE-WAIT"], { for: 5 });
    // @ts-expect-error for how long?
    void expect(1).toSendNothing();
    // @ts-expect-error its name is `grace`
    void expect(1).toLeakNoSockets({ graceMs: 5 });
  });
});

test("findLeaks takes what Node and Testcontainers give, and describeLeaks what findLeaks gives", () => {
  expectTypeOf<number>().toExtend<LeakTarget>();
  expectTypeOf<import("node:child_process").ChildProcess>().toExtend<LeakTarget>();
  expectTypeOf<NodeJS.Process>().toExtend<LeakTarget>();
  expectTypeOf<import("testcontainers").StartedTestContainer>().toExtend<LeakTarget>();
  expectTypeOf<import("execa").ResultPromise>().toExtend<LeakTarget>();
  expectTypeOf<string>().not.toExtend<LeakTarget>();
  expectTypeOf(findLeaks).parameter(0).toEqualTypeOf<LeakTarget>();
  expectTypeOf(findLeaks).parameter(1).toEqualTypeOf<FindLeaksOptions | undefined>();
  expectTypeOf(findLeaks).returns.resolves.toEqualTypeOf<LeakReport>();
  expectTypeOf(describeLeaks).toEqualTypeOf<(report: LeakReport) => string>();
});
