import type { Run } from "../../model/run.ts";
import { verdictWords } from "../../model/verdict.ts";
import { type Difference, differences, type Expectations } from "../expectations.ts";
import { countOf } from "../text/count.ts";
import { lookOf, settled, type TerminalOptions } from "./options.ts";

/** The end of a run: how many claims turned out how, how long it took, what differs from the recorded expectations. */
export function summary(
  run: Run,
  { expectations, ...options }: TerminalOptions & { readonly expectations?: Expectations } = {},
): string {
  const { paint } = settled(options);
  const counts = [...verdictWords, "error" as const].flatMap((word) => {
    const count = run.verdicts.filter(({ verdict }) => verdict === word).length;
    return count === 0 ? [] : [paint[lookOf(word).hue](`${count} ${word}`)];
  });
  const claims = countOf(run.verdicts.length, "claim");
  const head = `${counts.length === 0 ? claims : `${claims}: ${counts.join(", ")}`}  (${timeOf(run)})`;
  const partial = run.verdicts.filter((verdict) => verdict.isPartial).length;
  const soFar =
    partial === 0 ? [] : [`${countOf(partial, "verdict")} with a question mark may turn with the cases left out.`];
  return [head, ...soFar, ...differenceLines(run, expectations, (text) => paint.red(text))].join("\n");
}

function differenceLines(run: Run, expected: Expectations | undefined, alarm: (text: string) => string) {
  if (expected === undefined) return [];
  const found = differences(run, expected);
  const unrecorded = run.verdicts.filter(({ address, verdict }) => verdict !== "error" && !expected.has(address));
  const news = unrecorded.length === 0 ? [] : [`${countOf(unrecorded.length, "claim")} without a recorded verdict.`];
  if (found.length === 0) return ["No verdict differs from what was expected.", ...news];
  const differ = found.length === 1 ? "1 verdict differs" : `${found.length} verdicts differ`;
  return [alarm(`${differ} from what was expected:`), ...found.map((one) => `  ${differenceText(one)}`), ...news];
}

/** "close/four-segments: expected confirmed, got refuted". */
function differenceText({ address, expected, actual }: Difference): string {
  return `${address}: expected ${expected}, got ${actual}`;
}

/** By the clock where the run says so; else the cases' own times added up. */
function timeOf({ durationMs, claims }: Run): string {
  if (durationMs !== undefined) return seconds(durationMs);
  const outcomes = claims.flatMap((tried) => tried.outcomes);
  return `${seconds(outcomes.reduce((sum, one) => sum + ("durationMs" in one ? one.durationMs : 0), 0))} in the cases`;
}

function seconds(durationMs: number): string {
  return durationMs < 60_000
    ? `${(durationMs / 1000).toFixed(1)} s`
    : `${Math.floor(durationMs / 60_000)} min ${Math.round((durationMs % 60_000) / 1000)} s`;
}
