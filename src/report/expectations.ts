import { FinwaitError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { type Verdict, type VerdictWord, verdictWords } from "../model/verdict.ts";
import { printable } from "./text/width.ts";

/** The recorded verdict of each claim, by address. */
export type Expectations = ReadonlyMap<string, VerdictWord>;

/** A claim that did not turn out as recorded. */
export interface Difference {
  readonly address: string;
  readonly expected: VerdictWord;
  /** "not run": the run was asked for the claim and holds no verdict on it. */
  readonly actual: VerdictWord | "not run";
}

/**
 * Reads a file of expectations: one `address verdict` a line; blank lines, and what follows a `#`, say nothing.
 *
 * @throws FinwaitError FINWAIT_USAGE that names the file, the line and what is wrong there.
 */
export function parseExpectations(text: string, fileName: string): Expectations {
  const expectations = new Map<string, VerdictWord>();
  const lineOf = new Map<string, number>();
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.replace(/#.*$/s, "").trim();
    if (line === "") continue;
    const wrong = (what: string) => new FinwaitError("FINWAIT_USAGE", `${fileName}, line ${index + 1}: ${what}`);
    const { address, word } = entryOf(line, wrong);
    const earlier = lineOf.get(address);
    if (earlier !== undefined) throw wrong(`"${address}" has a verdict on line ${earlier} already; keep one of them.`);
    lineOf.set(address, index + 1);
    expectations.set(address, word);
  }
  return expectations;
}

function entryOf(line: string, wrong: (what: string) => FinwaitError): { address: string; word: VerdictWord } {
  const quoted = `"${printable(line).slice(0, 60)}"`;
  if (/\p{Cc}/u.test(line.replaceAll("\t", " "))) {
    throw wrong(`a control character stands in ${quoted}; is this a text file?`);
  }
  const [address = "", said = "", ...rest] = line.split(/\s+/);
  if (said === "" || rest.length > 0) throw wrong(`expected "address verdict", found ${quoted}.`);
  if (!/^[a-z0-9][a-z0-9-]*(?:\/[a-z0-9][a-z0-9-]*)+$/.test(address)) {
    throw wrong(`"${printable(address).slice(0, 60)}" is no claim address, like "close/four-segments".`);
  }
  const word = verdictWords.find((known) => known === said);
  if (word === undefined) {
    throw wrong(`"${printable(said).slice(0, 60)}" is no verdict; use one of ${verdictWords.join(", ")}.`);
  }
  return { address, word };
}

/** A run's verdicts as a file of expectations, by address. What the harness broke or cases were left out of is a comment. */
export function formatExpectations(run: Run): string {
  const verdicts = run.verdicts.toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const width = Math.max(0, ...verdicts.map(({ address }) => address.length));
  const lines = verdicts.map(({ address, verdict, isPartial }) => {
    if (verdict === "error") return `# ${address}: the harness broke, nothing to expect`;
    return isPartial ? `# ${address}: ${verdict} so far, cases were left out` : `${address.padEnd(width)} ${verdict}`;
  });
  return ["# What finwait expects of each claim: address, verdict.", ...lines, ""].join("\n");
}

/**
 * The claims of a run that did not turn out as recorded, in the order of the run. Claims without a recorded verdict
 * cannot differ, and neither can those that the harness broke, which are errors, or that cases were left out of. An untestable claim differs from any
 * other expectation: evidence that was there is missing.
 */
export function differences(run: Run, expectations: Expectations): readonly Difference[] {
  const verdicts = new Map<string, Verdict>(run.verdicts.map((verdict) => [verdict.address, verdict]));
  const addresses = new Set([...run.header.addresses, ...verdicts.keys()]);
  return [...addresses].flatMap((address) => {
    const expected = expectations.get(address);
    const found = verdicts.get(address);
    const actual = found?.verdict ?? "not run";
    if (expected === undefined || actual === "error" || actual === expected || found?.isPartial) return [];
    return [{ address, expected, actual }];
  });
}
