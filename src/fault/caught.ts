import { FinwaitError } from "../model/errors.ts";

/** Segments that a rule dropped, of the same ports and number: `count` of them. `sequence` may be in the machine's byte order. */
export interface CaughtSegments {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly count: number;
}

/** What `nft list table` says that a loss has dropped. @throws FINWAIT_COMMAND_FAILED where it lists no counter. */
export function parseCaught(listing: string): { readonly count: number; readonly segments: readonly CaughtSegments[] } {
  const packets = /\bcounter caught \{\s*packets (\d+)/.exec(listing)?.[1];
  if (packets === undefined) {
    throw new FinwaitError("FINWAIT_COMMAND_FAILED", `nft listed no count of segments, but:\n${listing}`);
  }
  const element = /(\d+) \. (\d+) \. (0x[0-9a-f]+|\d+) counter packets (\d+)/g;
  const segments = [...listing.matchAll(element)].map(([, source, destination, mark, count]) => ({
    sourcePort: Number(source),
    destinationPort: Number(destination),
    sequence: Number(mark),
    count: Number(count),
  }));
  return { count: Number(packets), segments };
}
