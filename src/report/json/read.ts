import type { z } from "zod";
import { FinwaitError } from "../../model/errors.ts";
import { type Run, runFormat } from "../../model/run.ts";
import { printable } from "../text/width.ts";
import { runSchema } from "./schema.ts";

/**
 * Reads a stored run.
 *
 * @throws FinwaitError FINWAIT_USAGE that names the line where the text stops being JSON, or the path of the first value
 * that is not a run's.
 */
export function readRun(text: string): Run {
  const data = parsed(text);
  const format = typeof data === "object" && data !== null && "format" in data ? data.format : undefined;
  if (typeof format === "number" && format !== runFormat) {
    throw new FinwaitError(
      "FINWAIT_USAGE",
      `The run was stored in format ${format}; this finwait reads format ${runFormat}. Read it with the version that wrote it.`,
    );
  }
  const result = runSchema.safeParse(data);
  if (result.success) return result.data;
  throw new FinwaitError("FINWAIT_USAGE", `This is no stored run: ${firstIssue(result.error)}.`, {
    cause: result.error,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/position (\d+)/.exec(said)?.[1] ?? text.length);
    const line = text.slice(0, position).split("\n").length;
    throw new FinwaitError("FINWAIT_USAGE", `This is no stored run: line ${line} is not JSON (${printable(said)}).`, {
      cause,
    });
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const [first] = issues;
  if (first === undefined) return "it has no shape";
  const path = first.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const more = issues.length > 1 ? ` (the first of ${issues.length} such places)` : "";
  return `${path === "" ? "the whole" : printable(path.replace(/^\./, ""))}: ${printable(first.message)}${more}`;
}
