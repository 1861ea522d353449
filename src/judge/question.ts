import type { Fact } from "../model/fact.ts";
import { type Check, type EvidenceTier, evidenceTiers } from "../model/verdict.ts";
import { describeFact } from "../timeline/describe.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** What a case asks of its timeline: its premises, then what the claim says. Times count from the first fact. */
export type Question = (seen: Timeline) => readonly Check[];

/** A premise of the case: when it is not met or not seen, the case says nothing of the claim. */
export function given(what: string, observation: Observation): Check {
  return check("given", what, observation);
}

/** What the claim says, to be found true or false here. */
export function claimed(what: string, observation: Observation): Check {
  return check("statement", what, observation);
}

function check(role: Check["role"], what: string, { answer, evidence }: Observation): Check {
  const word = answer === undefined ? "unseen" : answer ? "yes" : "no";
  const tier = highest(evidence.map(tierOf));
  return { role, what, answer: word, evidence: evidence.map(describeFact), ...(tier === undefined ? {} : { tier }) };
}

/** The highest of some tiers; undefined of none. */
export function highest(tiers: readonly EvidenceTier[]): EvidenceTier | undefined {
  return evidenceTiers.findLast((tier) => tiers.includes(tier));
}

function tierOf(fact: Fact): EvidenceTier {
  switch (fact.kind) {
    case "call":
    case "event":
    case "missed":
    case "note":
      return "runtime";
    case "measure":
    case "fault":
      return "proc";
    case "state":
      return "ss";
    case "segment":
      return "capture";
    case "transition":
    case "kernel":
      return "tracepoint";
    case "observer":
      return fact.observer;
    default:
      return fact satisfies never;
  }
}
