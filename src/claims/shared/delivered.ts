import type { Observation } from "../../judge/observation.ts";
import { sha256Written } from "../../lab/written.ts";
import type { EndpointName } from "../../model/fact.ts";
import { callsOf, eventsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/**
 * Whether the reader's runtime was handed exactly the first `bytes` bytes of what the agents write, by count and SHA-256.
 * Unseen until its stream has come to an end, by 'end' or by 'close'.
 */
export function delivered(t: Timeline, writer: EndpointName, reader: EndpointName, bytes: number): Observation {
  const last = eventsOf(t, reader).findLast(({ event }) => event === "end" || event === "close");
  if (last === undefined) return { answer: undefined, evidence: [] };
  const { total, sha256 } = last.detail;
  const evidence = [...callsOf(t, writer), ...eventsOf(t, reader, "error"), last].toSorted((a, b) => a.at - b.at);
  return { answer: total === bytes && sha256 === sha256Written(bytes), evidence };
}
