import type { DescriptorUse, LeakedSocket } from "../../model/leak.ts";
import type { Forecast } from "../../model/leak-gate.ts";
import type { Trial } from "./drive.ts";

/**
 * When each process runs out of descriptors: a connection of the manner that costs it the most costs the share that was
 * left behind, and what is open now stays open.
 */
export function forecast(
  leaked: readonly LeakedSocket[],
  trials: readonly Trial[],
  descriptors: readonly DescriptorUse[],
): readonly Forecast[] {
  return descriptors.flatMap(({ pid, process, open, limit }) => {
    const held = leaked.filter(({ holders }) => holders.some((holder) => holder.pid === pid));
    const costs = trials
      .filter(({ connections }) => connections > 0)
      .map(({ name, connections }) => ({
        manner: name,
        share: held.filter(({ manner }) => manner === name).length / connections,
      }))
      .toSorted((a, b) => b.share - a.share);
    const [worst] = costs;
    if (worst === undefined || worst.share === 0 || !Number.isFinite(limit)) return [];
    const connections = Math.max(0, Math.floor((limit - open) / worst.share));
    return [{ pid, process, manner: worst.manner, open, limit, connections }];
  });
}
