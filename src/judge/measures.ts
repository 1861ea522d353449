import type { MeasureFact } from "../model/fact.ts";
import { measureOf } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** A number read at a labelled moment. `host` tells apart what several hosts were asked. */
export interface MeasureName {
  readonly name: string;
  readonly label: string;
  readonly host?: string;
}

/** Whether the number read under this name at this moment is as asked. Unseen when it was not read. */
export function measured(
  t: Timeline,
  { name, label, host }: MeasureName,
  predicate: (value: number) => boolean,
): Observation {
  const fact = measureOf(t, name, label, host);
  if (fact === undefined) return { answer: undefined, evidence: [] };
  return { answer: predicate(fact.value), evidence: [fact] };
}

/** Whether two numbers stand to each other as asked: descriptors before and after, a limit and its sysctl. */
export function compared(
  t: Timeline,
  one: MeasureName,
  other: MeasureName,
  predicate: (one: number, other: number) => boolean,
): Observation {
  const [a, b] = [one, other].map(({ name, label, host }) => measureOf(t, name, label, host));
  const evidence = [a, b].filter((fact): fact is MeasureFact => fact !== undefined);
  return { answer: a === undefined || b === undefined ? undefined : predicate(a.value, b.value), evidence };
}
