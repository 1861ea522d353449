import type { EndpointName, EventFact, Fact } from "../model/fact.ts";
import { callsOf, eventsOf, labelled } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** Which of an endpoint's events are meant, by the values they carry. */
export type EventFilter = (detail: EventFact["detail"]) => boolean;

/**
 * Whether the runtime reported the event. That it did not is known only up to a moment the experiment reached: with
 * `by`, the label of a reading or measure, the answer is no when the event had not come by then. Without, it is unseen.
 */
export function sawEvent(
  t: Timeline,
  endpoint: EndpointName,
  event: string,
  { where, by }: { readonly where?: EventFilter; readonly by?: string } = {},
): Observation {
  const matching = eventsOf(t, endpoint, event).filter((fact) => where === undefined || where(fact.detail));
  if (by === undefined) return { answer: matching.length > 0 ? true : undefined, evidence: matching.slice(0, 1) };
  const anchor = anchorOf(t, by, endpoint);
  if (anchor === undefined) return { answer: undefined, evidence: [] };
  const first = matching.find((fact) => fact.at <= anchor.at);
  return first === undefined ? { answer: false, evidence: [anchor] } : { answer: true, evidence: [first] };
}

/** Whether the event had not come when the experiment reached the label. Unseen when it never got there. */
export function sawNoEvent(
  t: Timeline,
  endpoint: EndpointName,
  event: string,
  { where, until }: { readonly where?: EventFilter; readonly until: string },
): Observation {
  const { answer, evidence } = sawEvent(t, endpoint, event, { by: until, ...(where === undefined ? {} : { where }) });
  return { answer: answer === undefined ? undefined : !answer, evidence };
}

/** The endpoint's own reading under the label; without one, the last of all that was read there. */
function anchorOf(t: Timeline, label: string, endpoint: EndpointName): Fact | undefined {
  const there = labelled(t, label);
  return there.findLast((fact) => fact.kind === "state" && fact.endpoint === endpoint) ?? there.at(-1);
}

/** Whether a call threw with this code in the runtime. Unseen when the call was never made. */
export function callFailed(t: Timeline, endpoint: EndpointName, call: string, code: string): Observation {
  const made = callsOf(t, endpoint, call);
  if (made.length === 0) return { answer: undefined, evidence: [] };
  const failed = made.filter((fact) => fact.error?.code === code);
  return failed.length > 0 ? { answer: true, evidence: failed } : { answer: false, evidence: made };
}
