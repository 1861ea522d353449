import { pause } from "../../lab/deadline.ts";
import type { Suspect } from "../tracker.ts";
import type { Observation } from "./observation.ts";

const longestPauseMs = 500;
const shortestPauseMs = 50;
/** As a multiple of the grace: what moves again and again is not leaked, and not waited for any longer. */
const patience = 3;

/** Those that outlived the grace, and how many were suspect still and had not. */
export interface Judged {
  readonly leaked: readonly Suspect[];
  readonly undecided: number;
  /** Whether the subject no longer answers, so that none of it can be called leaked. */
  readonly isSilent: boolean;
  /** How long its answer was waited for; 0 where it was not asked. */
  readonly silentMs: number;
}

export interface JudgeGround {
  readonly observation: Observation;
  readonly graceMs: number;
  /** Asks the subject something; resolves with whether it answered, at the latest when it is not worth waiting for. */
  readonly pulse: () => Promise<boolean>;
  /** Whether a socket is of a connection that `pulse` has opened, or has had the subject open. */
  readonly isPulse: (suspect: Suspect) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads until every suspect has healed or outlived the grace: a drive leaves suspects of all ages, and the report is to
 * count all of them. Nothing is waited for where nothing is suspect. Before anything is called leaked, the subject must
 * have answered once more: on a machine that hardly moves, a grace may be over before a program had its turn.
 */
export async function judge(ground: JudgeGround): Promise<Judged> {
  const first = await untilDecided(ground);
  if (first.leaked.length === 0 || ground.signal?.aborted) return { ...first, isSilent: false, silentMs: 0 };
  const askedAt = performance.now();
  const hasAnswered = await ground.pulse();
  const silentMs = performance.now() - askedAt;
  return { ...(await untilDecided(ground)), isSilent: !hasAnswered, silentMs };
}

async function untilDecided(ground: JudgeGround): Promise<Pick<Judged, "leaked" | "undecided">> {
  const { observation, graceMs, isPulse, signal } = ground;
  const until = performance.now() + patience * graceMs;
  const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, graceMs / 20));
  for (;;) {
    const suspects = ((await observation.look()) ?? []).filter((suspect) => !isPulse(suspect));
    const leaked = observation.tracker.outliving(graceMs).filter((suspect) => !isPulse(suspect));
    const undecided = suspects.length - leaked.length + observation.unaccepted;
    if (undecided <= 0 || performance.now() > until || signal?.aborted) return { leaked, undecided };
    await pause(pauseMs);
  }
}
