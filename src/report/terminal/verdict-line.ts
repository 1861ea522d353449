import type { ClaimData } from "../../model/claim.ts";
import type { CaseAnswer, CaseVerdict, Verdict } from "../../model/verdict.ts";
import { countOf } from "../text/count.ts";
import { fitted, leftIn, printable, rightIn, widthOf } from "../text/width.ts";
import { hanging } from "../text/wrap.ts";
import { tiersText } from "../tiers.ts";
import { lookOf, settled, type TerminalOptions } from "./options.ts";

const indent = 15;
const labelColumns = 12;
const addressColumns = 31;
/** A statement in fewer says nothing. */
const fewColumns = 10;

/**
 * A claim's verdict for people: symbol, word, address, as much of the statement as fits, the evidence it rests on; beneath
 * it what decided, unless the claim was simply confirmed: under which condition it holds, what was found instead, what is
 * missing. A question mark says that cases were left out which could turn it.
 */
export function verdictLine(verdict: Verdict, claim: ClaimData, options: TerminalOptions = {}): string {
  const { columns, paint } = settled(options);
  const { symbol, hue } = lookOf(verdict.verdict);
  const word = paint[hue](`${symbol} ${`${verdict.verdict}${verdict.isPartial ? "?" : ""}`.padEnd(indent - 2)}`);
  const address = printable(verdict.address);
  const column = columns >= 80 ? Math.max(addressColumns, widthOf(address)) : widthOf(address);
  const rest = statementText(printable(claim.statement.en), tiersText(verdict), columns - indent - column);
  const head = `${word}${paint.bold(address)}${" ".repeat(rest === "" ? 0 : column - widthOf(address))}${rest}`;
  const reasons = reasonsOf(verdict).flatMap(([label, text]) =>
    hanging(" ".repeat(indent) + label.padEnd(labelColumns), printable(text), columns),
  );
  return [head.trimEnd(), ...reasons.map((line) => paint.dim(line))].join("\n");
}

/** The statement and, at the end of the line, its tiers; the tiers alone, or nothing, where there is no room. */
function statementText(statement: string, tiers: string, columns: number): string {
  const end = tiers === "" ? "" : `  ${tiers}`;
  const room = columns - 2 - widthOf(end);
  if (room >= fewColumns) return `  ${leftIn(statement, room)}${end}`;
  return widthOf(end) <= columns ? rightIn(end, columns) : "";
}

type Reason = readonly [label: string, text: string];

function reasonsOf(verdict: Verdict): readonly Reason[] {
  switch (verdict.verdict) {
    case "confirmed":
      return notTried(verdict);
    case "conditional":
      return [...conditions(verdict, "holds"), ...conditions(verdict, "fails"), ...notTried(verdict)];
    case "refuted":
      return [...firstOf(verdict, "fails", decidingEvidence), ...notTried(verdict)];
    case "inconclusive":
      return firstOf(verdict, "inconclusive", ({ reason = "" }) => [["because", reason]]);
    case "untestable":
      return firstOf(verdict, "untestable", ({ reason = "" }) => [["because", reason]]);
    case "error":
      return brokenReasons(verdict);
    default:
      return verdict.verdict satisfies never;
  }
}

function conditions(verdict: Verdict, answer: "holds" | "fails"): readonly Reason[] {
  return casesOf(verdict, answer).map((one) => [`${answer} when`, one.case]);
}

function notTried(verdict: Verdict): readonly Reason[] {
  return casesOf(verdict, "untestable").map((one) => ["not tried", `${one.case} (${one.reason ?? ""})`]);
}

const caseLabels = {
  holds: "holds when",
  fails: "fails when",
  inconclusive: "unclear when",
  untestable: "not tried",
} as const satisfies Record<CaseAnswer, string>;

/** The first case of that answer in full; of the others, how many there are. */
function firstOf(
  verdict: Verdict,
  answer: CaseAnswer,
  why: (one: CaseVerdict) => readonly Reason[],
): readonly Reason[] {
  const [first, ...rest] = casesOf(verdict, answer);
  if (first === undefined) return [];
  const label = caseLabels[answer].padEnd(labelColumns - 1);
  const more: readonly Reason[] = rest.length > 0 ? [["and", countOf(rest.length, "more case")]] : [];
  return [[`${label} `, first.case], ...why(first), ...more];
}

function decidingEvidence({ checks }: CaseVerdict): readonly Reason[] {
  const deciding = checks.find((check) => check.role === "statement" && check.answer === "no");
  if (deciding === undefined) return [];
  const lines = deciding.evidence.map((line): Reason => ["evidence", fitted(line, 160)]);
  return [["not so", deciding.what], ...lines.slice(0, 2)];
}

function brokenReasons({ broken }: Verdict): readonly Reason[] {
  const [first, ...rest] = broken;
  if (first === undefined) return [];
  const more: readonly Reason[] = rest.length > 0 ? [["and", countOf(rest.length, "more case")]] : [];
  return [["broke when", first.case], ["because", `${first.code}: ${first.message}`], ...more];
}

const casesOf = (verdict: Verdict, answer: CaseAnswer) => verdict.cases.filter((one) => one.answer === answer);
