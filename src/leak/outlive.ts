import { setTimeout as pause } from "node:timers/promises";
import { checkedMs } from "../lab/deadline.ts";
import { isFinwaitError } from "../model/errors.ts";
import type { DescriptorUse, LeakedSocket, LeakReport, SocketsReading } from "../model/leak.ts";
import type { SocketSource } from "./source.ts";
import type { Suspect, Tracker } from "./tracker.ts";
import { awaitsAccept } from "./unaccepted.ts";

export interface OutliveOptions {
  /** Milliseconds. */
  readonly graceMs: number;
  /** Ends looking before its time; what is suspect then is undecided. */
  readonly signal?: AbortSignal;
  /** Looking ends so long after it began, at the latest: suspects may come, and move, for ever. Default: twice the grace. */
  readonly withinMs?: number;
}

/** A report, and whether the subject was gone before looking ended: a process that is gone holds nothing. */
export interface Outlived extends LeakReport {
  readonly subjectEnded: boolean;
}

const shortestRestMs = 50;
const readingsPerGrace = 20;
/** Where a reading takes as long as the grace, what the first one saw moving has not had its time in the second. */
const fewestReadings = 5;

/**
 * Reads until all suspects have healed, or some have outlived the grace and no other has lasted for half of it: what is
 * suspect when looking begins is decided, and what comes and goes is not waited for. What is left is `undecided`.
 * So are connections that ended before the program accepted them: they are waited for, and never called leaked.
 *
 * @throws FINWAIT_USAGE for what is no length of time, and what `source.read()` throws, but for FINWAIT_SUBJECT_GONE
 * once something was read: that is in the report.
 */
export async function outlive(source: SocketSource, tracker: Tracker, options: OutliveOptions): Promise<Outlived> {
  const { signal } = options;
  const graceMs = checkedMs(options.graceMs, "graceMs");
  const withinMs = checkedMs(options.withinMs ?? 2 * graceMs, "withinMs");
  const restMs = Math.max(shortestRestMs, graceMs / readingsPerGrace);
  const readAtMs: number[] = [];
  for (;;) {
    const reading = await readOrGone(source, readAtMs.length > 0);
    if (reading === undefined)
      return report(source, { graceMs, readAtMs, outlived: [], undecided: 0, subjectEnded: true });
    readAtMs.push(reading.atMs);
    const suspects = tracker.take(reading);
    const outlived = tracker.outliving(graceMs);
    const undecided = suspects.length + reading.rows.filter(awaitsAccept).length - outlived.length;
    const isLate = readAtMs.length >= fewestReadings && reading.atMs - (readAtMs[0] ?? reading.atMs) >= withinMs;
    const isDecided =
      undecided === 0 || (outlived.length > 0 && tracker.outliving(graceMs / 2).length === outlived.length);
    if (isDecided || isLate || signal?.aborted) {
      return report(source, { graceMs, readAtMs, outlived, undecided, subjectEnded: false });
    }
    await rest(restMs, signal);
  }
}

interface Looked {
  readonly graceMs: number;
  readonly readAtMs: readonly number[];
  readonly outlived: readonly Suspect[];
  readonly undecided: number;
  readonly subjectEnded: boolean;
}

async function report(source: SocketSource, looked: Looked): Promise<Outlived> {
  const { graceMs, readAtMs, outlived, undecided, subjectEnded } = looked;
  const [firstMs = 0, lastMs = firstMs] = [readAtMs[0], readAtMs.at(-1)];
  return {
    subject: source.subject,
    leaked: outlived.map((suspect) => leakedSocket(suspect, lastMs)),
    undecided,
    graceMs,
    watchedMs: lastMs - firstMs,
    readings: readAtMs.length,
    descriptors: subjectEnded ? [] : await descriptorsOf(source),
    blind: source.blind,
    subjectEnded,
  };
}

function leakedSocket({ cause, row, holders, sinceMs }: Suspect, lastMs: number): LeakedSocket {
  return { cause, row, holders, ageMs: lastMs - sinceMs };
}

async function readOrGone(source: SocketSource, hasRead: boolean): Promise<SocketsReading | undefined> {
  try {
    return await source.read();
  } catch (error) {
    if (hasRead && isFinwaitError(error, "FINWAIT_SUBJECT_GONE")) return undefined;
    throw error;
  }
}

/** Of a subject that has just ended there are none. */
async function descriptorsOf(source: SocketSource): Promise<readonly DescriptorUse[]> {
  try {
    return await source.descriptors();
  } catch (error) {
    if (isFinwaitError(error, "FINWAIT_SUBJECT_GONE")) return [];
    throw error;
  }
}

async function rest(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(durationMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
