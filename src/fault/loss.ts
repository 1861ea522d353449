import { FinwaitError } from "../model/errors.ts";
import type { RunInHost } from "./run-in-host.ts";
import { type Direction, type LosableSegment, matchPorts, matchSegment } from "./segments.ts";

/** Segments to lose as they arrive at the host that would receive them. */
export interface Loss {
  readonly segment: LosableSegment;
  readonly direction: Direction;
  /** How many to lose; all of them until lifted when absent. */
  readonly times?: number;
  /** How many to let pass first. */
  readonly sparing?: number;
}

/** A loss at work in one host. */
export interface AppliedLoss {
  /** Segments dropped so far. */
  readonly caught: () => Promise<number>;
  /** Ends it; idempotent. Resolves with the final count. */
  readonly lift: () => Promise<number>;
}

/**
 * Drops at the receiver's ingress: a drop at the sender's egress would reach the sender's stack as an error and change
 * its timers. The rules live in a table of their own, so that lifting is one deletion.
 */
export async function applyLoss(run: RunInHost, table: string, loss: Loss): Promise<AppliedLoss> {
  if (!/^[a-z0-9_]+$/.test(table)) throw new FinwaitError("FINWAIT_USAGE", `"${table}" is no name for an nft table.`);
  await run("nft", ["-f", "-"], ruleset(table, loss));
  let final: Promise<number> | undefined;
  return {
    caught: () => final ?? countOf(run, table),
    lift: () => {
      final ??= countAndDelete(run, table);
      return final;
    },
  };
}

/** The final count of a table's one counter; the table is gone afterwards. nft lists nothing in a batch that deletes. */
export async function countAndDelete(run: RunInHost, table: string): Promise<number> {
  const count = await countOf(run, table);
  await run("nft", ["delete", "table", "inet", table]);
  return count;
}

/** The nft program of one loss. */
export function ruleset(table: string, { segment, direction, times, sparing }: Loss): string {
  // A bucket that holds `times` tokens and gains one a week: exactly that many segments match.
  const limit = times === undefined ? "" : ` limit rate 1/week burst ${times} packets`;
  const spare = sparing === undefined ? "" : ` limit rate over 1/week burst ${sparing} packets`;
  const reverse = matchPorts({
    ...(direction.toPort === undefined ? {} : { fromPort: direction.toPort }),
    ...(direction.fromPort === undefined ? {} : { toPort: direction.fromPort }),
  });
  // The FIN is seen as it leaves this host; what then arrives in the other direction acknowledges it.
  const watchFin =
    segment === "ACK of FIN"
      ? `set closing { type inet_service . inet_service; flags dynamic; size 4096; }
  chain leaving {
    type filter hook output priority -300;
    ${reverse} tcp flags & fin == fin add @closing { tcp dport . tcp sport }
  }`
      : "";
  return `table inet ${table} {
  counter caught { }
  ${watchFin}
  chain arriving {
    type filter hook input priority -300;
    ${matchSegment(segment, direction)}${spare}${limit} counter name caught drop
  }
}
`;
}

async function countOf(run: RunInHost, table: string): Promise<number> {
  const listing = await run("nft", ["list", "counter", "inet", table, "caught"]);
  const packets = /\bpackets (\d+)/.exec(listing)?.[1];
  if (packets === undefined) {
    throw new FinwaitError("FINWAIT_COMMAND_FAILED", `nft listed no count of segments, but:\n${listing}`);
  }
  return Number(packets);
}
