import type { EndpointIdentity } from "../../lab/identity.ts";
import type { Session } from "../../lab/session.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { Segment } from "../../model/segment.ts";

/** Modulo 2^32, as all of TCP's numbers. */
export function numberAfter(sequence: number, by: number): number {
  return (sequence + by + 2 ** 32) % 2 ** 32;
}

/** The segments that this endpoint has sent so far, in order, as they were on the wire. */
export async function sentBy(lab: Session, { name }: EndpointIdentity): Promise<readonly Segment[]> {
  return (await lab.segments()).filter(({ from }) => from === name).map(({ segment }) => segment);
}

/** The first of these segments that is as asked. @throws FINWAIT_LAB_FAILED when none was captured. */
export function theSegment(segments: readonly Segment[], what: string, isIt: (one: Segment) => boolean): Segment {
  const found = segments.find(isIt);
  if (found !== undefined) return found;
  throw new FinwaitError("FINWAIT_LAB_FAILED", `No ${what} was captured among ${segments.length} segments.`);
}
