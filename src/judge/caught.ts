import { faultsOf } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** Whether a fault lost as many segments as asked; `which` counts from 0 in the order of application. Unseen until it is lifted. */
export function caught(t: Timeline, predicate: (count: number) => boolean, which = 0): Observation {
  const lifted = faultsOf(t)[which]?.lifted;
  if (lifted === undefined) return { answer: undefined, evidence: [] };
  return { answer: predicate(lifted.caught), evidence: [lifted] };
}
