import { expect } from "vitest";
import { toLeakNoSockets } from "./leaks.ts";
import type { FinwaitMatchers } from "./matchers.ts";
import type { Asked, Outcome } from "./outcome.ts";
import { toSendNothing } from "./silence.ts";
import { toBeHalfClosed, toReach, toStayIn } from "./states.ts";

export type { FinwaitMatchers, GraceOptions, StayOptions, WithinOptions } from "./matchers.ts";

type Matcher = (asked: Asked, received: unknown, ...given: readonly unknown[]) => Promise<Outcome>;

/** As vitest calls a matcher: with its own state as `this`, whose `isNot` is undefined where its types say false. */
const asVitest = (matcher: Matcher) =>
  function (this: Partial<Asked>, received: unknown, ...given: readonly unknown[]): Promise<Outcome> {
    return matcher({ isNot: this.isNot === true }, received, ...given);
  };

const matchers = {
  toReach: asVitest(toReach),
  toStayIn: asVitest(toStayIn),
  toBeHalfClosed: asVitest(toBeHalfClosed),
  toSendNothing: asVitest(toSendNothing),
  toLeakNoSockets: asVitest(toLeakNoSockets),
} satisfies Record<keyof FinwaitMatchers, unknown>;

expect.extend(matchers);

// vitest's own `Matchers` has other type parameters in every major version, and whoever merges with it must have the
// same. Its `Assertion` takes over what chai's has, in all of them.
declare global {
  namespace Chai {
    interface Assertion extends FinwaitMatchers {}
  }
}
