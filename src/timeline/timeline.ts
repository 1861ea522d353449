import type { Fact } from "../model/fact.ts";
import { monoNs } from "../model/time.ts";
import { withNumbers } from "./numbers.ts";

/** Everything observed of one case, in the order in which it happened. */
export interface Timeline {
  readonly facts: readonly Fact[];
}

/** Merges facts of any sources into one story, by time; facts of the same instant keep the order they came in. */
export function timelineOf(facts: readonly Fact[]): Timeline {
  return { facts: facts.toSorted((a, b) => a.at - b.at) };
}

/**
 * The same story with its clock at 0 at the first fact. A run's clock starts with the lab, which many cases share: a
 * reader wants to know how long after the case began something happened. Captured segments count their numbers from the
 * beginning of their connection.
 */
export function fromFirstFact({ facts }: Timeline): Timeline {
  const origin = facts[0]?.at ?? 0;
  return { facts: withNumbers(facts.map((fact) => shifted(fact, origin))) };
}

function shifted(fact: Fact, by: number): Fact {
  const at = monoNs(fact.at - by);
  if (fact.kind !== "segment" || fact.arrivedAt === undefined) return { ...fact, at };
  return { ...fact, at, arrivedAt: monoNs(fact.arrivedAt - by) };
}
