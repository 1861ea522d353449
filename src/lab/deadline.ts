import { FinwaitError } from "../model/errors.ts";

/** Deadlines in finwait are generous: they end a wait that cannot succeed, they do not measure. */
export const defaultWithinMs = 10_000;

/** How long a wait may take. */
export interface Within {
  /** Milliseconds to wait at most; default 10,000. */
  readonly within?: number;
}

/** A wait that ended without what it waited for: what that was, and what was seen last. */
export class DeadlineMissed extends FinwaitError {
  readonly waitedFor: string;
  readonly lastSeen: string;
  readonly withinMs: number;

  constructor(waitedFor: string, lastSeen: string, withinMs: number) {
    super("FINWAIT_DEADLINE_MISSED", `Waited ${withinMs} ms for ${waitedFor}; last seen: ${lastSeen}.`);
    this.waitedFor = waitedFor;
    this.lastSeen = lastSeen;
    this.withinMs = withinMs;
  }
}

/** @throws FINWAIT_USAGE for what is no length of time: a wait must end. */
export function checkedMs(ms: unknown, what: string): number {
  if (typeof ms === "number" && ms >= 0 && Number.isFinite(ms)) return ms;
  const given = typeof ms === "number" ? String(ms) : (JSON.stringify(ms) ?? String(ms));
  throw new FinwaitError("FINWAIT_USAGE", `${what} is a number of milliseconds, not ${given}.`);
}

export interface Poll<T> {
  readonly waitingFor: string;
  readonly withinMs: number;
  /** One look; `done` ends the wait, `seen` goes into the message when the deadline passes. */
  readonly look: () => Promise<{ readonly done?: T; readonly seen: string }>;
}

/** For a wait whose outcome is itself in question: a deadline that passed is in the story, and the experiment goes on. */
export async function orLate(wait: Promise<unknown>): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if (!(error instanceof DeadlineMissed)) throw error;
  }
}

const firstPauseMs = 1;
const longestPauseMs = 50;

/** Looks again and again, ever less often, and once more after the deadline so that a slow machine is not blamed. */
export async function poll<T>({ waitingFor, withinMs, look }: Poll<T>): Promise<T> {
  const deadline = performance.now() + checkedMs(withinMs, "within");
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const late = performance.now() > deadline;
    const { done, seen } = await look();
    if (done !== undefined) return done;
    if (late) throw new DeadlineMissed(waitingFor, seen, withinMs);
    await pause(pauseMs);
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
