import type { PassedThreshold, WatchedCount, WatchReading } from "../../model/watch.ts";
import { isBeyond, type Threshold } from "./threshold.ts";

type Seen = Pick<WatchReading, "states" | "suspects" | "groups" | "descriptors">;

/** The thresholds that a reading is beyond, each with what it was measured by. */
export function passedBy(thresholds: readonly Threshold[], seen: Seen): readonly PassedThreshold[] {
  return thresholds.flatMap((threshold) => passed(threshold, seen) ?? []);
}

function passed(threshold: Threshold, seen: Seen): PassedThreshold | undefined {
  return threshold.of.what === "sockets"
    ? passedBySockets(threshold, threshold.of, seen)
    : passedByDescriptors(threshold, threshold.of.measure, seen);
}

type OfSockets = Extract<Threshold["of"], { what: "sockets" }>;

function passedBySockets(threshold: Threshold, of: OfSockets, { states, suspects, groups }: Seen) {
  const counted = of.state === undefined ? suspects : states.find(({ state }) => state === of.state);
  const measured = counted === undefined ? undefined : measureOf(counted, of.measure);
  if (measured === undefined || !isBeyond(threshold, measured)) return undefined;
  const oldest = groups.find(({ state }) => of.state === undefined || state === of.state)?.oldest;
  return { expression: threshold.expression, measured, ...(oldest === undefined ? {} : { socket: oldest }) };
}

/** Undefined where there is nothing to compare: the age of no socket, a growth that cannot be told yet. */
function measureOf(counted: WatchedCount, measure: OfSockets["measure"]): number | undefined {
  switch (measure) {
    case "count":
      return counted.count;
    case "age":
      return counted.count === 0 ? undefined : counted.oldestMs;
    case "growth":
      return counted.growthPerHour;
    default:
      return measure satisfies never;
  }
}

/** Of several processes, the one with the fewest descriptors left. */
function passedByDescriptors(threshold: Threshold, measure: "left" | "open", { descriptors }: Seen) {
  const beyond = descriptors.filter((use) => isBeyond(threshold, use[measure])).toSorted((a, b) => a.left - b.left);
  const [worst] = beyond;
  if (worst === undefined) return undefined;
  return { expression: threshold.expression, measured: worst[measure], descriptors: worst };
}
