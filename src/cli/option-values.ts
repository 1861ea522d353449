import { durationForms, readDuration } from "../leak/duration.ts";
import { FinwaitError } from "../model/errors.ts";

/** @throws FINWAIT_USAGE for what is no duration; which of them an option takes is up to its command. */
export function durationOf(option: string, text: string): number {
  const durationMs = readDuration(text);
  if (durationMs !== undefined) return durationMs;
  throw usage(`${option} takes a duration, like ${durationForms}, not ${JSON.stringify(text)}.`);
}

/** @throws FINWAIT_USAGE for anything but a whole number from 1 to `most`. */
export function wholeNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw usage(`${option} takes a whole number from 1 to ${most}, not ${JSON.stringify(text)}.`);
}

/** What is thrown for an option that cannot be meant. */
export function usage(message: string): FinwaitError {
  return new FinwaitError("FINWAIT_USAGE", message);
}
