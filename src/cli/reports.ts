import { resolve } from "node:path";
import { FinwaitError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { type Expectations, formatExpectations } from "../report/expectations.ts";
import { writeRun } from "../report/json/write.ts";
import { junit } from "../report/junit/junit.ts";
import { claimOutput, type Output } from "./outputs.ts";

/** The files that a run is to be written to. */
export interface ReportFiles {
  readonly json?: string;
  readonly junit?: string;
  readonly record?: string;
}

/** The reports of one run, their places claimed. Disposing gives back those that were not written. */
export interface Reports extends AsyncDisposable {
  readonly write: (run: Run) => Promise<void>;
}

/** Claims the place of every report before the run. @throws FINWAIT_USAGE for one that cannot be written. */
export async function claimReports(files: ReportFiles, expectations: Expectations | undefined): Promise<Reports> {
  const formats: readonly (readonly [file: string | undefined, text: (run: Run) => string])[] = [
    [files.json, writeRun],
    [files.junit, (run) => junit(run, expectations)],
    [files.record, formatExpectations],
  ];
  const named = formats.flatMap(([file]) => (file === undefined ? [] : [resolve(file)]));
  if (new Set(named).size < named.length)
    throw new FinwaitError("FINWAIT_USAGE", "Two reports cannot go to the same file.");
  const claimed: { readonly output: Output; readonly text: (run: Run) => string }[] = [];
  const giveBack = async () => {
    for (const { output } of claimed.toReversed()) await output[Symbol.asyncDispose]();
  };
  try {
    for (const [file, text] of formats) {
      if (file !== undefined) claimed.push({ output: await claimOutput(file), text });
    }
  } catch (error) {
    await giveBack();
    throw error;
  }
  return {
    write: async (run) => {
      for (const { output, text } of claimed) await output.write(text(run));
    },
    [Symbol.asyncDispose]: giveBack,
  };
}
