import type { EndpointName, Fact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import { ms } from "../model/time.ts";
import { readingsOf } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** Whether one fact came before another. Unseen when one is missing, or their windows of uncertainty overlap. */
export function sawBefore(a: Fact | undefined, b: Fact | undefined): Observation {
  if (a === undefined || b === undefined) return { answer: undefined, evidence: present(a, b) };
  const evidence = present(a, b);
  if (a.at + uncertaintyNs(a) < b.at - uncertaintyNs(b)) return { answer: true, evidence };
  if (b.at + uncertaintyNs(b) < a.at - uncertaintyNs(a)) return { answer: false, evidence };
  return { answer: undefined, evidence };
}

/**
 * Whether the time from one fact to another, in milliseconds, is as asked. Readings are uncertain: the answer is unseen
 * when the predicate says one thing of the shortest time they allow and another of the longest.
 */
export function elapsedBetween(
  from: Fact | undefined,
  to: Fact | undefined,
  predicate: (elapsedMs: number) => boolean,
): Observation {
  const evidence = present(from, to);
  if (from === undefined || to === undefined) return { answer: undefined, evidence };
  const slack = uncertaintyNs(from) + uncertaintyNs(to);
  return { answer: agreed(to.at - from.at - slack, to.at - from.at + slack, predicate), evidence };
}

/**
 * Whether the endpoint's first stay in a state lasted as asked, in milliseconds. It lasted at least from the first to
 * the last reading that shows the state, and at most from the reading before to the reading after; unseen when the
 * predicate does not say the same of both, or one of the four was not read.
 */
export function stayedIn(
  t: Timeline,
  endpoint: EndpointName,
  state: TcpState,
  predicate: (stayMs: number) => boolean,
): Observation {
  const readings = readingsOf(t, endpoint);
  const start = readings.findIndex((fact) => fact.state === state);
  if (start < 0) return { answer: undefined, evidence: [] };
  const after = readings.findIndex((fact, index) => index > start && fact.state !== state);
  const [before, first] = [readings[start - 1], readings[start]];
  const [last, next] = [readings.at(after - 1), readings[after]];
  const evidence = present(before, first, last, next);
  if (before === undefined || first === undefined || last === undefined || next === undefined || after < 0) {
    return { answer: undefined, evidence };
  }
  const shortest = last.at - first.at - last.uncertaintyNs - first.uncertaintyNs;
  const longest = next.at - before.at + next.uncertaintyNs + before.uncertaintyNs;
  return { answer: agreed(shortest, longest, predicate), evidence };
}

function agreed(shortestNs: number, longestNs: number, predicate: (ms: number) => boolean): boolean | undefined {
  const [shortest, middle, longest] = [shortestNs, (shortestNs + longestNs) / 2, longestNs].map((ns) =>
    predicate(ms(Math.max(0, ns))),
  );
  return shortest === middle && middle === longest ? shortest : undefined;
}

function uncertaintyNs(fact: Fact): number {
  return "uncertaintyNs" in fact ? fact.uncertaintyNs : 0;
}

function present(...facts: readonly (Fact | undefined)[]): readonly Fact[] {
  return [...new Set(facts)].filter((fact) => fact !== undefined);
}
