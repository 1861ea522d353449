import type { EndpointIdentity } from "../../lab/identity.ts";
import type { Peer } from "../../lab/peer/peer.ts";
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

const sendQueue = 2;

/**
 * Makes a socket that is not connected yet begin with this sequence number. Otherwise the kernel's clock chooses, which
 * ticks every 64 ns, 15.6 million times a second (RFC 9293 §3.4.1 speaks of 4 µs, 250,000 a second): after a connection
 * that sent more than that, the next one begins below its last number.
 */
export async function beginWith(peer: Peer, sequence: number): Promise<void> {
  await peer.set("TCP_REPAIR", 1);
  await peer.set("TCP_REPAIR_QUEUE", sendQueue);
  await peer.set("TCP_QUEUE_SEQ", sequence);
  await peer.set("TCP_REPAIR", 0);
}
