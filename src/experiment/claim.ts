import type { Question } from "../judge/question.ts";
import type { Session } from "../lab/session.ts";
import type { CaseData, ClaimData, Needs, Source } from "../model/claim.ts";

/** One condition under which a claim is tried: what to do, and what to ask of what was seen. */
export interface Case {
  /** The condition, as a phrase: "the client half-closes with end()". */
  readonly name: string;
  readonly needs?: Needs;
  /** Kernel timers that the experiment waits out, in milliseconds. */
  readonly timerMs?: number;
  /** Arrange, act, observe. What it observes is recorded in the session's story; it judges nothing. */
  readonly experiment: (lab: Session) => Promise<void>;
  /** Asked of the recorded timeline, here or years later: pure. */
  readonly question: Question;
}

/** A documented statement with the cases that put it to the test. */
export interface Claim {
  /** `topic/short-name`. */
  readonly address: string;
  /** In our own words. */
  readonly statement: { readonly en: string; readonly zh: string };
  readonly sources: readonly Source[];
  readonly cases: readonly Case[];
}

/** What a stored run and a report need to know of a claim. */
export function claimData({ address, statement, sources, cases }: Claim): ClaimData {
  return { address, statement, sources, cases: cases.map(caseData) };
}

function caseData({ name, needs = {}, timerMs = 0 }: Case): CaseData {
  return { name, needs, timerMs };
}
