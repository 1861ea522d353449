import type { EndpointName } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { observersOf } from "../timeline/wire.ts";
import type { Observation } from "./observation.ts";

/**
 * Whether the kernel took the endpoint's socket through these states one after the other, with no other in between.
 * TIME-WAIT is none of a socket's there: the path ends with CLOSED. Unseen without tracepoints, or when they lost anything.
 */
export function wentThrough(t: Timeline, endpoint: EndpointName, path: readonly TcpState[]): Observation {
  const observers = observersOf(t, "tracepoint");
  const made = t.facts.filter((fact) => fact.kind === "transition").filter((fact) => fact.endpoint === endpoint);
  const lossy = observers.filter(({ lost }) => lost > 0);
  if (observers.length === 0 || made.length === 0) return { answer: undefined, evidence: observers };
  if (lossy.length > 0) return { answer: undefined, evidence: lossy };
  const seen = made.map(({ to }) => to);
  const begins = seen.findIndex((_, index) => path.every((state, step) => seen[index + step] === state));
  return { answer: begins >= 0, evidence: begins >= 0 ? made.slice(begins, begins + path.length) : made };
}
