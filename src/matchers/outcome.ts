import { FinwaitError } from "../model/errors.ts";

/** What a matcher found, as vitest takes it: `pass` says what is so, whether or not `.not` stands before the matcher. */
export interface Outcome {
  readonly pass: boolean;
  readonly message: () => string;
}

/** How a matcher was called. */
export interface Asked {
  /** `.not` stands before it. */
  readonly isNot: boolean;
}

/** An outcome whose message is made only when somebody reads it. */
export function outcome(pass: boolean, lines: () => readonly string[]): Outcome {
  return { pass, message: () => lines().join("\n") };
}

/** An outcome that fails with and without `.not`: what would decide could not be seen. */
export function undecidable({ isNot }: Asked, lines: () => readonly string[]): Outcome {
  return outcome(isNot, lines);
}

/**
 * A matcher that cannot be asked like this is neither met nor unmet: it throws, with and without `.not`.
 * @throws FINWAIT_USAGE
 */
export function refuse(why: string): never {
  throw new FinwaitError("FINWAIT_USAGE", why);
}

/** What somebody gave where something else was asked for, in a few words. */
export function given(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return `an object of class ${value.constructor?.name ?? "Object"}`;
  return `${typeof value} ${JSON.stringify(value) ?? ""}`.trim().slice(0, 60);
}
