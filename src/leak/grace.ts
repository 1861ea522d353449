import { checkedMs } from "../lab/deadline.ts";
import { FinwaitError } from "../model/errors.ts";

/** @throws FINWAIT_USAGE for what is no grace: without one, every socket that is about to be closed would be accused. */
export function checkedGraceMs(ms: unknown, what: string): number {
  const graceMs = checkedMs(ms, what);
  if (graceMs > 0) return graceMs;
  throw new FinwaitError(
    "FINWAIT_USAGE",
    `${what} is more than 0 milliseconds: without a grace, a socket that is about to be closed would be called leaked.`,
  );
}
