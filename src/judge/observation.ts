import type { Fact } from "../model/fact.ts";

/** What a look at the timeline gave. `undefined`: the evidence that would answer is not there. */
export interface Observation {
  readonly answer: boolean | undefined;
  readonly evidence: readonly Fact[];
}

/** The opposite answer from the same evidence; what was not seen stays unseen. */
export function not({ answer, evidence }: Observation): Observation {
  return { answer: answer === undefined ? undefined : !answer, evidence };
}

/** Kleene's and: no when one is no, unseen when none is no and one is unseen. Of nothing at all: unseen, never yes. */
export function allOf(...observations: readonly Observation[]): Observation {
  return decided(observations, false);
}

/** Kleene's or: yes when one is yes, unseen when none is yes and one is unseen. Of nothing at all: unseen, never no. */
export function anyOf(...observations: readonly Observation[]): Observation {
  return decided(observations, true);
}

/** One observation with the `deciding` answer settles the matter, and is then the evidence; otherwise all are. */
function decided(observations: readonly Observation[], deciding: boolean): Observation {
  const settling = observations.filter(({ answer }) => answer === deciding);
  if (settling.length > 0) return { answer: deciding, evidence: merged(settling) };
  const isSeen = observations.length > 0 && observations.every(({ answer }) => answer !== undefined);
  return { answer: isSeen ? !deciding : undefined, evidence: merged(observations) };
}

function merged(observations: readonly Observation[]): readonly Fact[] {
  return [...new Set(observations.flatMap(({ evidence }) => evidence))].toSorted((a, b) => a.at - b.at);
}
