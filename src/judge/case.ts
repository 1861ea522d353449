import { defined } from "../model/defined.ts";
import { isFinwaitError } from "../model/errors.ts";
import type { BrokenCase, CaseAnswer, CaseOutcome, CaseVerdict, Check } from "../model/verdict.ts";
import { faultsOf, missedOf } from "../timeline/query.ts";
import { fromFirstFact, type Timeline, timelineOf } from "../timeline/timeline.ts";
import { checkTransitions } from "../timeline/transitions.ts";
import { highest, type Question } from "./question.ts";

/**
 * What a tried case says of its claim. A fault that caught nothing or a premise that was not met leaves it inconclusive;
 * after that one statement found false decides, then one left unseen. A case that claims nothing never holds.
 *
 * A question that throws, or readings that contradict the state diagram, are a broken case: a harness fault, no answer.
 */
export function judgeCase(outcome: CaseOutcome, question: Question): CaseVerdict | BrokenCase {
  switch (outcome.kind) {
    case "untestable":
      return { case: outcome.case, answer: "untestable", reason: outcome.missing, checks: [], ...leftOut(outcome) };
    case "broken":
      return { case: outcome.case, code: outcome.code, message: outcome.message };
    case "tried":
      return judgeTried(outcome, question);
    default:
      return outcome satisfies never;
  }
}

const leftOut = ({ leftOut: is }: { readonly leftOut?: true }) => (is ? { leftOut: is } : {});

function judgeTried(
  { case: name, facts }: Extract<CaseOutcome, { readonly kind: "tried" }>,
  question: Question,
): CaseVerdict | BrokenCase {
  const seen = fromFirstFact(timelineOf(facts));
  try {
    checkTransitions(seen);
    const checks = question(seen);
    const { answer, reason } = answered(seen, checks);
    const tier = highest(checks.flatMap((check) => check.tier ?? []));
    return { case: name, answer, ...defined({ reason, tier }), checks };
  } catch (error) {
    return broken(name, error);
  }
}

interface Answered {
  readonly answer: CaseAnswer;
  readonly reason?: string;
}

function answered(seen: Timeline, checks: readonly Check[]): Answered {
  const idle = faultsOf(seen).find((fault) => fault.caught === 0);
  if (idle !== undefined) {
    const rest = idle.lifted === undefined ? " It was never lifted, so its count is not known." : "";
    return {
      answer: "inconclusive",
      reason: `The fault "${idle.fault}" on host "${idle.host}" caught nothing: ${idle.intent}.${rest}`,
    };
  }
  const premise = checks.find((check) => check.role === "given" && check.answer !== "yes");
  if (premise !== undefined) {
    const word = premise.answer === "no" ? "not met" : "not seen";
    return { answer: "inconclusive", reason: `The premise was ${word}: ${premise.what}.${missed(seen)}` };
  }
  const statements = checks.filter((check) => check.role === "statement");
  if (statements.some((check) => check.answer === "no")) return { answer: "fails" };
  const unseen = statements.find((check) => check.answer === "unseen");
  if (unseen !== undefined) {
    return { answer: "inconclusive", reason: `The evidence was not seen: ${unseen.what}.${missed(seen)}` };
  }
  if (statements.length > 0) return { answer: "holds" };
  return { answer: "inconclusive", reason: `The case put no statement to the test.${missed(seen)}` };
}

function missed(seen: Timeline): string {
  return missedOf(seen)
    .map((fact) => ` Waited ${fact.withinMs} ms for ${fact.waitedFor}; last seen: ${fact.lastSeen}.`)
    .join("");
}

function broken(name: string, error: unknown): BrokenCase {
  if (isFinwaitError(error)) return { case: name, code: error.code, message: error.message };
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    case: name,
    code: "FINWAIT_QUESTION_FAILED",
    message: `The question of case "${name}" threw ${said}. Mend the claim; the timeline is stored with the run.`,
  };
}
