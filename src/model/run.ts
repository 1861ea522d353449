import type { ClaimData } from "./claim.ts";
import type { CaseOutcome, Verdict } from "./verdict.ts";

/** Raised when a stored run changes its meaning. */
export const runFormat = 2;

/** What was asked, of which machine. Known before the first case is tried. */
export interface RunHeader {
  /** finwait's own version. */
  readonly finwait: string;
  /** ISO 8601, wall clock: it dates the run and orders nothing. */
  readonly startedAt: string;
  /** "netns" or "docker". */
  readonly driver: string;
  /** What the verdicts were reached on: kernel, arch, node, iproute2, cores, …, as text. */
  readonly machine: Readonly<Record<string, string>>;
  /** The addresses of the claims selected for this run, in full. */
  readonly addresses: readonly string[];
}

/** One claim as it was put to the test, and what happened in each of its cases. */
export interface TriedClaim {
  readonly claim: ClaimData;
  readonly outcomes: readonly CaseOutcome[];
}

/** One execution of many claims, in the order it is stored: header, timelines, verdicts. It survives JSON. */
export interface Run {
  readonly format: typeof runFormat;
  readonly header: RunHeader;
  readonly claims: readonly TriedClaim[];
  readonly verdicts: readonly Verdict[];
  /** How long the run took by the clock; cases that ran side by side count once. */
  readonly durationMs?: number;
}
