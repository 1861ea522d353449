import { setTimeout as delay } from "node:timers/promises";
import type { DescriptorUse } from "../../model/leak.ts";
import type { SocketTotals, WatchReading } from "../../model/watch.ts";
import type { SocketSource } from "../source.ts";
import type { Threshold } from "./threshold.ts";
import { Watcher } from "./watcher.ts";

export interface WatchOptions {
  /** From the beginning of a reading to that of the next. A reading that takes longer than half of it puts the next one off. */
  readonly everyMs: number;
  /** The last reading is made so long after the first; without it there is none. */
  readonly forMs?: number;
  readonly signal?: AbortSignal;
  readonly thresholds?: readonly Threshold[];
  /** Descriptors of all that is watched at every reading, not only when there are suspects. */
  readonly countsDescriptors?: boolean;
  readonly totals?: () => Promise<SocketTotals | undefined>;
}

/**
 * Looks again and again, until `forMs` is over, a threshold is passed, or the signal comes.
 * @throws FINWAIT_SUBJECT_GONE when what is watched has ended.
 */
export async function* watch(source: SocketSource, options: WatchOptions): AsyncGenerator<WatchReading> {
  const { everyMs, forMs = Number.POSITIVE_INFINITY, signal } = options;
  const look = looking(source, options);
  for (;;) {
    const begun = performance.now();
    const reading = await look();
    yield reading;
    const leftMs = forMs - reading.watchedMs;
    if (reading.passed.length > 0 || leftMs <= 0 || signal?.aborted) return;
    const tookMs = performance.now() - begun;
    const waitMs = Math.max(everyMs - tookMs, tookMs);
    await pause(Math.min(waitMs, leftMs), signal);
    if (signal?.aborted) return;
  }
}

/** A function that makes one reading, and remembers what the next must know. */
export function looking(source: SocketSource, options: Omit<WatchOptions, "everyMs">): () => Promise<WatchReading> {
  const { thresholds = [], countsDescriptors = false, totals = async () => undefined } = options;
  const watcher = new Watcher({ subject: source.subject, thresholds });
  const uses = sparingly(() => source.descriptors());
  const countsAll = countsDescriptors || thresholds.some(({ of }) => of.what === "descriptors");
  return async () => {
    const begun = performance.now();
    const [reading, counted] = await Promise.all([source.read(), totals()]);
    const asks = countsAll || reading.rows.length > 0;
    const descriptors: readonly DescriptorUse[] = asks ? await uses() : [];
    const held = countsAll ? descriptors : ofHolders(descriptors, reading.holders);
    return watcher.take(reading, {
      at: new Date().toISOString(),
      tookMs: Math.round((performance.now() - begun) * 10) / 10,
      ...(counted === undefined ? {} : { totals: counted }),
      descriptors: held,
      blind: source.blind,
    });
  };
}

/** Asks again only when ten times as long has passed as it took: where it is dear, the last answer stands for a while. */
function sparingly<T>(ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly answer: T; readonly untilMs: number } | undefined;
  return async () => {
    const begun = performance.now();
    if (known !== undefined && begun < known.untilMs) return known.answer;
    const answer = await ask();
    const tookMs = performance.now() - begun;
    known = { answer, untilMs: begun + 10 * tookMs };
    return answer;
  };
}

type Holders = Awaited<ReturnType<SocketSource["read"]>>["holders"];

function ofHolders(descriptors: readonly DescriptorUse[], holders: Holders = new Map()): readonly DescriptorUse[] {
  const pids = new Set([...holders.values()].flat().map(({ pid }) => pid));
  return descriptors.filter(({ pid }) => pids.has(pid));
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // An abort is no error: the watch ends with what was seen.
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
