import type { Observation } from "../../judge/observation.ts";
import { sawBefore } from "../../judge/times.ts";
import { labelled } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/** Whether the server's event loop was still blocked when the experiment had taken the labelled reading. */
export function stillBlocked(t: Timeline, label: string): Observation {
  const read = labelled(t, label).findLast((fact) => fact.kind === "state" && fact.host === "server");
  const freed = t.facts.find((fact) => fact.kind === "note" && fact.text.endsWith("event loop free again"));
  return sawBefore(read, freed);
}
