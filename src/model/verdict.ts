import type { Fact } from "./fact.ts";

/** One question put to a timeline. `unseen`: the evidence it needs is not there. */
export interface Check {
  /** `given` is a premise of the case, `statement` is what the claim says. */
  readonly role: "given" | "statement";
  readonly what: string;
  readonly answer: "yes" | "no" | "unseen";
  /** The evidence, as lines: ss output, events, measures. Times count from the first fact of the case. */
  readonly evidence: readonly string[];
  /** The highest tier among the evidence; absent when there is none. */
  readonly tier?: EvidenceTier;
}

/** What one case says of its claim. */
export type CaseAnswer = "holds" | "fails" | "inconclusive" | "untestable";

/**
 * Where evidence comes from, in order of rank: what the runtime said, numbers read from the kernel's files, `ss`, segments
 * on the wire, the kernel's own tracepoints. Polling with ss can miss a state; the last two miss nothing.
 */
export const evidenceTiers = ["runtime", "proc", "ss", "capture", "tracepoint"] as const;

export type EvidenceTier = (typeof evidenceTiers)[number];

/** A case's answer with the checks that gave it. */
export interface CaseVerdict {
  readonly case: string;
  readonly answer: CaseAnswer;
  /** Why, in one sentence, where the checks do not say it: what is missing, which fault caught nothing. */
  readonly reason?: string;
  readonly checks: readonly Check[];
  /** Nobody wanted it tried this time: it is untestable for no fault of the machine. */
  readonly leftOut?: true;
  /** The highest tier that the answer rests on; absent when no check had evidence. */
  readonly tier?: EvidenceTier;
}

/** A case that the harness broke: no answer, and no verdict on its claim. */
export interface BrokenCase {
  readonly case: string;
  /** A FinwaitError's code where there is one. */
  readonly code: string;
  readonly message: string;
}

export function isBrokenCase(judged: CaseVerdict | BrokenCase): judged is BrokenCase {
  return !("answer" in judged);
}

/** What a claim turned out to be. */
export const verdictWords = ["confirmed", "refuted", "conditional", "inconclusive", "untestable"] as const;

/** A verdict without "error", which is none. */
export type VerdictWord = (typeof verdictWords)[number];

/** A claim's verdict, computed from its cases. */
export interface Verdict {
  readonly address: string;
  /** "error" says that the harness broke in at least one case: nothing is known of the claim. */
  readonly verdict: VerdictWord | "error";
  readonly cases: readonly CaseVerdict[];
  readonly broken: readonly BrokenCase[];
  /** Cases were left out that could turn the verdict: it is the verdict so far. */
  readonly isPartial?: true;
}

/** What happened when one case was tried: its timeline, why it could not be tried, or how the harness broke. */
export type CaseOutcome =
  | {
      readonly kind: "tried";
      readonly case: string;
      readonly facts: readonly Fact[];
      readonly durationMs: number;
    }
  | {
      readonly kind: "untestable";
      readonly case: string;
      readonly missing: string;
      /** Left out on request, not for want of anything. */
      readonly leftOut?: true;
    }
  | {
      readonly kind: "broken";
      readonly case: string;
      readonly code: string;
      readonly message: string;
      readonly facts: readonly Fact[];
      readonly durationMs: number;
    };
