import { FinwaitError } from "../model/errors.ts";
import { caughtAndDelete } from "./loss.ts";
import type { RunInHost } from "./run-in-host.ts";
import { type Direction, matchPorts } from "./segments.ts";

/** Segments kept in flight: sent, as TCP sees it, and not yet arrived. */
export interface AppliedHold {
  /** Lets everything that is held go, in order; idempotent. Resolves with how many segments of the direction had left. */
  readonly release: () => Promise<number>;
}

/**
 * Holds whatever a host sends to a neighbour: its neighbour entry is declared incomplete, and the kernel then queues
 * packets below TCP until the entry is valid again. Nothing is lost and no error reaches the sender's stack.
 * It concerns the two hosts, not one connection, so it wants hosts of its own.
 */
export async function applyHold(
  run: RunInHost,
  table: string,
  peer: string,
  direction: Direction,
): Promise<AppliedHold> {
  const { device, linkAddress } = await neighbour(run, peer);
  await run("nft", ["-f", "-"], countingRules(table, direction));
  await run("ip", ["neigh", "replace", peer, "dev", device, "nud", "incomplete"]);
  let released: Promise<number> | undefined;
  const release = async () => {
    await run("ip", ["neigh", "replace", peer, "lladdr", linkAddress, "dev", device, "nud", "reachable"]);
    return (await caughtAndDelete(run, table)).count;
  };
  return {
    release: () => {
      released ??= release();
      return released;
    },
  };
}

async function neighbour(run: RunInHost, peer: string): Promise<{ device: string; linkAddress: string }> {
  const listing = await run("ip", ["neigh", "show", peer]);
  const [, device, linkAddress] = / dev (\S+) lladdr (\S+)/.exec(listing) ?? [];
  if (device !== undefined && linkAddress !== undefined) return { device, linkAddress };
  throw new FinwaitError(
    "FINWAIT_LAB_FAILED",
    `Segments to ${peer} cannot be held: the host has no neighbour entry for it (ip neigh said "${listing.trim()}"). Connect first.`,
  );
}

function countingRules(table: string, direction: Direction): string {
  return `table inet ${table} {
  counter caught { }
  chain leaving {
    type filter hook output priority -300;
    ${matchPorts(direction)} counter name caught
  }
}
`;
}
