import { FinwaitError } from "../model/errors.ts";
import { type CaughtSegments, parseCaught } from "./caught.ts";
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
  /** Of those, only every so many-th: 10 lets nine pass and loses the tenth. */
  readonly every?: number;
}

/** What a loss has dropped: how many, and which as far as ports and number tell them apart. */
export interface Caught {
  readonly count: number;
  readonly segments: readonly CaughtSegments[];
}

/** A loss at work in one host. */
export interface AppliedLoss {
  /** What was dropped so far. */
  readonly caught: () => Promise<Caught>;
  /** Ends it; idempotent. Resolves with all that was dropped. */
  readonly lift: () => Promise<Caught>;
}

/**
 * Drops at the receiver's ingress: a drop at the sender's egress would reach the sender's stack as an error and change
 * its timers. The rules live in a table of their own, so that lifting is one deletion.
 */
export async function applyLoss(run: RunInHost, table: string, loss: Loss): Promise<AppliedLoss> {
  if (!/^[a-z0-9_]+$/.test(table)) throw new FinwaitError("FINWAIT_USAGE", `"${table}" is no name for an nft table.`);
  await run("nft", ["-f", "-"], ruleset(table, loss));
  let final: Promise<Caught> | undefined;
  return {
    caught: () => final ?? caughtIn(run, table),
    lift: () => {
      final ??= caughtAndDelete(run, table);
      return final;
    },
  };
}

/**
 * The final count of a table's one counter; the table is gone afterwards. One nft, told two commands one after the other,
 * because in a batch it lists nothing that it deletes.
 */
export async function caughtAndDelete(run: RunInHost, table: string): Promise<Caught> {
  return parseCaught(await run("nft", ["-i"], `list table inet ${table}\ndelete table inet ${table}\n`));
}

/** The nft program of one loss. */
export function ruleset(table: string, { segment, direction, times, sparing, every }: Loss): string {
  // A bucket that holds `times` tokens and gains one a week: exactly that many segments match.
  const limit = times === undefined ? "" : ` limit rate 1/week burst ${times} packets`;
  const spare = sparing === undefined ? "" : ` limit rate over 1/week burst ${sparing} packets`;
  const nth = every === undefined || every === 1 ? "" : ` numgen inc mod ${every} == ${every - 1}`;
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
  // The sequence number travels in the packet's mark, because nft cannot list plain numbers or flags of a set's key. A set
  // that is full ends its rule, so the drop stands in one of its own.
  return `table inet ${table} {
  counter caught { }
  set lost {
    type inet_service . inet_service . mark
    size 65535
    flags dynamic
  }
  ${watchFin}
  chain lose {
    meta mark set tcp sequence update @lost { tcp sport . tcp dport . meta mark counter }
    drop
  }
  chain arriving {
    type filter hook input priority -300;
    ${matchSegment(segment, direction)}${spare}${nth}${limit} counter name caught goto lose
  }
}
`;
}

async function caughtIn(run: RunInHost, table: string): Promise<Caught> {
  return parseCaught(await run("nft", ["list", "table", "inet", table]));
}
