import { FinwaitError } from "../model/errors.ts";
import { printable } from "../report/text/width.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

/** The exit code that an error of the harness ends with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof FinwaitError)) return exitCodes.broke;
  if (error.code === "FINWAIT_USAGE") return exitCodes.usage;
  if (error.code === "FINWAIT_CAPABILITY_MISSING") return exitCodes.missing;
  return exitCodes.broke;
}

/**
 * An error in words for a person: finwait's own say all in their message; anything else shows where it came from. Some
 * quote what others wrote, such as a program's last words, which are made safe to print.
 */
export function errorText(error: unknown): string {
  if (error instanceof FinwaitError)
    return `finwait: ${error.message.split("\n").map(printable).join("\n")} (${error.code})`;
  return `finwait: something unforeseen broke; please report it.\n${error instanceof Error ? error.stack : String(error)}`;
}
