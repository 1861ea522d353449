import type { Observation } from "../../judge/observation.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { TcpState } from "../../model/state.ts";
import { reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/**
 * Whether as many of the endpoints as asked were in a state at the labelled reading. Those that were are the evidence, or
 * all when none was; unseen when one of them was not read.
 */
export function howMany(
  t: Timeline,
  label: string,
  endpoints: readonly EndpointName[],
  state: TcpState,
  predicate: (count: number) => boolean,
): Observation {
  const facts = endpoints.flatMap((endpoint) => reading(t, label, endpoint) ?? []);
  if (facts.length < endpoints.length || facts.length === 0) return { answer: undefined, evidence: facts };
  const there = facts.filter((fact) => fact.state === state);
  return { answer: predicate(there.length), evidence: there.length > 0 ? there : facts };
}
