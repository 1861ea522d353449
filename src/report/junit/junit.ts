import type { Run, TriedClaim } from "../../model/run.ts";
import type { CaseOutcome, CaseVerdict, Verdict } from "../../model/verdict.ts";
import { differences, type Expectations } from "../expectations.ts";
import { tiersOf } from "../tiers.ts";
import { element, textElement } from "./xml.ts";

/**
 * A run as JUnit XML for CI: a testsuite for each topic, a testcase for each claim. A refuted claim is a finding and
 * passes; a failure is a verdict that differs from its recorded expectation. A claim that the harness broke is an error,
 * and one that could not be tried, and was not expected otherwise, is skipped.
 */
export function junit(run: Run, expectations: Expectations = new Map()): string {
  const tests = testsOf(run, expectations);
  const topics = Map.groupBy(tests, ({ topic }) => topic);
  const suites = [...topics].map(([topic, ofTopic]) =>
    element("testsuite", { name: topic, ...totals(ofTopic), timestamp: run.header.startedAt }, [
      propertiesOf(run),
      ...ofTopic.map((test) => test.xml),
    ]),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: "finwait", ...totals(tests) }, suites)}\n`;
}

type Result = "passed" | "failures" | "errors" | "skipped";

interface Test {
  readonly topic: string;
  readonly result: Result;
  readonly seconds: number;
  readonly xml: string;
}

function testsOf(run: Run, expectations: Expectations): readonly Test[] {
  const differing = new Map(differences(run, expectations).map((one) => [one.address, one]));
  const tried = new Map(run.claims.map((one) => [one.claim.address, one]));
  const judged = run.verdicts.map((verdict) => {
    const expected = differing.get(verdict.address)?.expected;
    return testOf(verdict, tried.get(verdict.address), expected);
  });
  const absent = [...differing.values()].filter(({ actual }) => actual === "not run").map(notRun);
  return [...judged, ...absent];
}

function testOf(verdict: Verdict, tried: TriedClaim | undefined, expected: string | undefined): Test {
  const seconds = (tried?.outcomes ?? []).reduce((sum, one) => sum + durationMs(one), 0) / 1000;
  const result = resultOf(verdict, expected);
  return {
    topic: topicOf(verdict.address),
    result,
    seconds,
    xml: element("testcase", namesOf(verdict.address, seconds), [
      ...resultElement(result, verdict, expected),
      textElement("system-out", {}, story(verdict, tried)),
    ]),
  };
}

function resultOf({ verdict }: Verdict, expected: string | undefined): Result {
  if (verdict === "error") return "errors";
  if (expected !== undefined) return "failures";
  return verdict === "untestable" ? "skipped" : "passed";
}

function resultElement(result: Result, verdict: Verdict, expected: string | undefined): readonly string[] {
  switch (result) {
    case "passed":
      return [];
    case "failures": {
      const message = `expected ${expected}, got ${verdict.verdict}`;
      return [textElement("failure", { message, type: "verdict" }, casesText(verdict))];
    }
    case "errors": {
      const [first] = verdict.broken;
      const body = verdict.broken.map((one) => `${one.case}: ${one.code}: ${one.message}`).join("\n");
      return [textElement("error", { message: first?.message ?? "", type: first?.code ?? "" }, body)];
    }
    case "skipped":
      return [element("skipped", { message: verdict.cases.map((one) => one.reason ?? one.case).join("; ") })];
    default:
      return result satisfies never;
  }
}

function notRun({ address, expected }: { readonly address: string; readonly expected: string }): Test {
  const failure = element("failure", { message: `expected ${expected}, but the claim was not run`, type: "verdict" });
  const xml = element("testcase", namesOf(address, 0), [failure]);
  return { topic: topicOf(address), result: "failures", seconds: 0, xml };
}

function story(verdict: Verdict, tried: TriedClaim | undefined): string {
  const statement = tried === undefined ? [] : [tried.claim.statement.en];
  const tiers = tiersOf(verdict);
  const rests = tiers.length === 0 ? "" : ` (evidence: ${tiers.join(", ")})`;
  return [...statement, `verdict: ${verdict.verdict}${rests}`, casesText(verdict)].join("\n");
}

function casesText({ cases }: Verdict): string {
  return cases.map(caseText).join("\n");
}

function caseText({ case: name, answer, reason, checks, tier }: CaseVerdict): string {
  const lines = checks.flatMap((check) => [
    `  ${check.role} ${check.answer}: ${check.what}`,
    ...check.evidence.map((line) => `    ${line}`),
  ]);
  const why = [...(reason === undefined ? [] : [reason]), ...(tier === undefined ? [] : [`evidence: ${tier}`])];
  return [`${answer}: ${name}${why.map((text) => ` (${text})`).join("")}`, ...lines].join("\n");
}

function totals(tests: readonly Test[]): Record<string, string | number> {
  const count = (result: Result) => tests.filter((test) => test.result === result).length;
  const time = tests.reduce((sum, test) => sum + test.seconds, 0).toFixed(3);
  return {
    tests: tests.length,
    failures: count("failures"),
    errors: count("errors"),
    skipped: count("skipped"),
    time,
  };
}

function propertiesOf({ header }: Run): string {
  const said = { finwait: header.finwait, driver: header.driver, ...header.machine };
  const each = Object.entries(said).map(([name, value]) => element("property", { name, value }));
  return element("properties", {}, each);
}

const namesOf = (address: string, seconds: number) => ({
  name: address,
  classname: topicOf(address),
  time: seconds.toFixed(3),
});

const topicOf = (address: string): string => address.split("/", 1)[0] ?? address;

const durationMs = (outcome: CaseOutcome): number => ("durationMs" in outcome ? outcome.durationMs : 0);
