import type { CaseData, ClaimData, Source } from "../../model/claim.ts";
import type { BrokenCase, CaseOutcome, CaseVerdict, Check, Verdict } from "../../model/verdict.ts";
import { ladder } from "../ladder/ladder.ts";
import type { Paint } from "../paint.ts";
import { fitted, printable } from "../text/width.ts";
import { hanging, wrapped } from "../text/wrap.ts";
import { lookOf, settled, type TerminalOptions } from "./options.ts";

/**
 * All there is to say of a claim: its statement in English, then in Chinese, its sources, and each case; when it was
 * tried, with the answer, every check and its evidence, and the story as a ladder.
 */
export function explainText(
  claim: ClaimData,
  verdict?: Verdict,
  outcomes: readonly CaseOutcome[] = [],
  options: TerminalOptions = {},
): string {
  const { columns, paint } = settled(options);
  const word = verdict === undefined ? "" : `  ${painted(verdict.verdict, paint)}${verdict.isPartial ? " so far" : ""}`;
  const lines = [
    `${paint.bold(printable(claim.address))}${word}`,
    ...[claim.statement.en, claim.statement.zh].flatMap((text) => hanging("  ", printable(text), columns)),
    "",
    paint.bold("Sources"),
    ...claim.sources.flatMap((source) => hanging("  ", sourceText(source), columns)),
    ...casesOf(claim, verdict, outcomes).flatMap((one) => ["", ...caseLines(one, columns, paint)]),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

function sourceText({ title, section, url }: Source): string {
  return printable([title, section, url === undefined ? undefined : `<${url}>`].filter(Boolean).join("  "));
}

/** A case with whatever is known of it. */
interface KnownCase {
  readonly name: string;
  readonly data: CaseData | undefined;
  readonly verdict: CaseVerdict | undefined;
  readonly broken: BrokenCase | undefined;
  readonly outcome: CaseOutcome | undefined;
}

/** The claim's own cases, then those that only a stored run knows. */
function casesOf(
  claim: ClaimData,
  verdict: Verdict | undefined,
  outcomes: readonly CaseOutcome[],
): readonly KnownCase[] {
  const judged = [...(verdict?.cases ?? []), ...(verdict?.broken ?? []), ...outcomes].map((one) => one.case);
  return [...new Set([...claim.cases.map((one) => one.name), ...judged])].map((name) => ({
    name,
    data: claim.cases.find((one) => one.name === name),
    verdict: verdict?.cases.find((one) => one.case === name),
    broken: verdict?.broken.find((one) => one.case === name),
    outcome: outcomes.find((one) => one.case === name),
  }));
}

function caseLines({ name, data, verdict, broken, outcome }: KnownCase, columns: number, paint: Paint) {
  const needs = data === undefined ? "" : needsText(data);
  const reason = broken === undefined ? verdict?.reason : `${broken.code}: ${broken.message}`;
  const word = broken === undefined ? verdict?.answer : "error";
  const shown = verdict?.leftOut ? paint.dim("- left out") : word === undefined ? undefined : painted(word, paint);
  const tier = verdict?.tier === undefined ? "" : `  (evidence: ${verdict.tier})`;
  return [
    ...hanging("Case  ", printable(name), columns).map((line) => paint.bold(line)),
    ...(needs === "" ? [] : hanging("  needs     ", printable(needs), columns)),
    ...(shown === undefined ? [] : [`  ${shown}${tier}`]),
    ...(reason === undefined ? [] : hanging("  because   ", printable(reason), columns)),
    ...(verdict?.checks ?? []).flatMap((check) => checkLines(check, columns, paint)),
    ...(outcome !== undefined && "facts" in outcome ? ["", ladder(outcome.facts, { columns })] : []),
  ];
}

function checkLines({ role, what, answer, evidence }: Check, columns: number, paint: Paint): readonly string[] {
  const { symbol, hue } = lookOf(answer === "yes" ? "holds" : answer === "no" ? "fails" : "inconclusive");
  const [first = "", ...rest] = hanging(role === "given" ? "given   " : "claims  ", printable(what), columns - 4);
  return [
    `  ${paint[hue](symbol)} ${first}`,
    ...rest.map((line) => `    ${line}`),
    ...evidence.flatMap((line) => evidenceLines(line, columns)).map((line) => paint.dim(line)),
  ];
}

/** At most two lines: ss can say a screenful of one socket, and the stored run has it all. */
function evidenceLines(line: string, columns: number): readonly string[] {
  const indent = " ".repeat(12);
  const [first = "", ...rest] = wrapped(printable(line), columns - indent.length);
  return [first, ...(rest.length === 0 ? [] : [fitted(rest.join(" "), columns - indent.length)])].map(
    (text) => indent + text,
  );
}

function needsText({ needs, timerMs }: CaseData): string {
  const sysctls = Object.entries(needs.sysctls ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    ...(needs.hosts === undefined ? [] : [`hosts ${needs.hosts.join(", ")}`]),
    ...sysctls,
    ...(needs.nofile === undefined ? [] : [`at most ${needs.nofile} descriptors`]),
    ...(needs.exclusive ? ["hosts of its own"] : []),
    ...(needs.capture ? ["captured segments"] : []),
    ...(needs.tracepoint ? ["the kernel's tracepoints"] : []),
    ...(timerMs > 0 ? [`kernel timers of ${timerMs / 1000} s`] : []),
  ].join("; ");
}

function painted(word: Parameters<typeof lookOf>[0], paint: Paint): string {
  const { symbol, hue } = lookOf(word);
  return paint[hue](`${symbol} ${word}`);
}
