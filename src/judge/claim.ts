import type { ClaimData } from "../model/claim.ts";
import type { BrokenCase, CaseVerdict, Verdict } from "../model/verdict.ts";

/**
 * A claim's verdict, computed from what `judgeCase` said of its cases: confirmed when all testable ones hold, refuted
 * when all fail, conditional when some hold and some fail; inconclusive when one is, untestable when none could be tried.
 * One broken case makes it an error. A case of the claim that was not judged at all counts as inconclusive.
 */
export function judgeClaim(
  claim: ClaimData,
  judged: readonly CaseVerdict[],
  broken: readonly BrokenCase[] = [],
): Verdict {
  const known = new Set([...judged, ...broken].map((one) => one.case));
  const forgotten = claim.cases.filter((one) => !known.has(one.name)).map((one) => notTried(one.name));
  const order = new Map(claim.cases.map((one, index) => [one.name, index]));
  const place = (verdict: CaseVerdict) => order.get(verdict.case) ?? order.size;
  const cases = [...judged, ...forgotten].toSorted((a, b) => place(a) - place(b));
  const word = broken.length > 0 ? "error" : wordOf(cases);
  // What both holds and fails stays conditional, whatever else is tried.
  const isPartial = word !== "conditional" && word !== "error" && cases.some((one) => one.leftOut);
  return { address: claim.address, verdict: word, cases, broken, ...(isPartial ? { isPartial } : {}) };
}

function wordOf(cases: readonly CaseVerdict[]): Exclude<Verdict["verdict"], "error"> {
  const answers = new Set(cases.map((one) => one.answer));
  if (answers.has("inconclusive")) return "inconclusive";
  if (answers.has("holds")) return answers.has("fails") ? "conditional" : "confirmed";
  return answers.has("fails") ? "refuted" : "untestable";
}

function notTried(name: string): CaseVerdict {
  return { case: name, answer: "inconclusive", reason: "The case was not tried.", checks: [] };
}
