import type { EndpointName, EventFact } from "../model/fact.ts";
import { eventsOf, reading } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

const carriesTotal = ["data", "end", "close"];

/**
 * Whether the application had been handed as many bytes as asked when the experiment read its endpoint under the label.
 * Unseen when it never got there.
 */
export function received(
  t: Timeline,
  endpoint: EndpointName,
  label: string,
  predicate: (bytes: number) => boolean,
): Observation {
  const anchor = reading(t, label, endpoint);
  if (anchor === undefined) return { answer: undefined, evidence: [] };
  const last = eventsOf(t, endpoint).findLast(({ at, event }) => at <= anchor.at && carriesTotal.includes(event));
  return { answer: predicate(totalOf(last)), evidence: last === undefined ? [anchor] : [last, anchor] };
}

function totalOf(fact: EventFact | undefined): number {
  return Number(fact?.detail.total ?? 0);
}
