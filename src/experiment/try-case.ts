import type { Lab } from "../lab/lab.ts";
import type { Session } from "../lab/session.ts";
import { FinwaitError, isFinwaitError } from "../model/errors.ts";
import { ms } from "../model/time.ts";
import type { CaseOutcome } from "../model/verdict.ts";
import { describeFact } from "../timeline/describe.ts";
import type { Case } from "./claim.ts";

/** Beyond its kernel timers, no experiment needs this long, however slow the machine. */
const patienceMs = 90_000;

/** What was captured on each host, as the bytes of a pcap file. */
export type PcapFiles = ReadonlyMap<string, Uint8Array>;

/** Tries one case in a session of its own. Never rejects: whatever goes wrong is an outcome. */
export async function tryCase(
  lab: Lab,
  one: Case,
  options: { readonly keep?: boolean; readonly onFiles?: (files: PcapFiles) => void } = {},
): Promise<CaseOutcome> {
  const missing = missingFor(lab, one);
  if (missing !== undefined) return { kind: "untestable", case: one.name, missing };
  const session = lab.session();
  const startedAt = session.story.clock.now();
  const failure = await withPatience(one, session).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // Lifting the faults tells what they caught: the story is complete only after this.
  if (options.keep) await session.observe();
  else await session[Symbol.asyncDispose]();
  options.onFiles?.(session.pcapFiles());
  const durationMs = ms(session.story.clock.now() - startedAt);
  const { facts } = session.story;
  const tried = { case: one.name, facts, durationMs };
  if (failure === undefined || isObservation(failure.error)) return { kind: "tried", ...tried };
  if (isFinwaitError(failure.error, "FINWAIT_CAPABILITY_MISSING")) {
    return { kind: "untestable", case: one.name, missing: failure.error.message };
  }
  return { kind: "broken", ...breakage(failure.error), ...tried };
}

/** What the case needs of the lab's observers and the lab has not. */
function missingFor({ captureMissing, tracepointsMissing }: Lab, { needs }: Case): string | undefined {
  return (needs?.capture ? captureMissing : undefined) ?? (needs?.tracepoint ? tracepointsMissing : undefined);
}

/** A deadline that passed and a silence that was broken are part of the story, for the question to judge. */
function isObservation(error: unknown): boolean {
  if (isSuppressed(error)) return isObservation(error.suppressed);
  return isFinwaitError(error, "FINWAIT_DEADLINE_MISSED") || isFinwaitError(error, "FINWAIT_NOT_SILENT");
}

/** The words for a harness that broke. */
export function breakage(error: unknown): { code: string; message: string } {
  // Thrown while disposing of what another error had interrupted: the first one is the cause.
  if (isSuppressed(error)) return breakage(error.suppressed);
  if (isFinwaitError(error)) return { code: error.code, message: error.message };
  return {
    code: "FINWAIT_UNEXPECTED",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

/** By its name: Node 22 has no such class, and what `using` was compiled to there throws one of its own making. */
function isSuppressed(error: unknown): error is SuppressedError {
  return error instanceof Error && error.name === "SuppressedError" && "suppressed" in error;
}

async function withPatience(one: Case, session: Session): Promise<void> {
  const withinMs = (one.timerMs ?? 0) + patienceMs;
  const { promise: impatience, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const last = session.story.facts.at(-1);
    const seen = last ? describeFact(last) : "nothing";
    reject(
      new FinwaitError("FINWAIT_LAB_FAILED", `The experiment did not end within ${withinMs} ms; last seen: ${seen}`),
    );
  }, withinMs);
  try {
    await Promise.race([one.experiment(session), impatience]);
  } finally {
    clearTimeout(timer);
  }
}
