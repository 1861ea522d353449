import type { Case, Claim } from "../experiment/claim.ts";

/** `--quick` leaves out what waits longer than this for kernel timers. */
const quickMs = 2_000;

/** Why `--quick` leaves a case out; undefined when it does not. */
export function slowness({ timerMs = 0 }: Case): string | undefined {
  return timerMs > quickMs ? `left out by --quick: it waits ${Math.round(timerMs / 1000)} s` : undefined;
}

/** Claims with at least one quick case, and those of which nothing would be left. */
export function splitQuick(claims: readonly Claim[]): {
  readonly quick: readonly Claim[];
  readonly slow: readonly Claim[];
} {
  const isQuick = (claim: Claim) => claim.cases.some((one) => slowness(one) === undefined);
  return { quick: claims.filter(isQuick), slow: claims.filter((claim) => !isQuick(claim)) };
}
