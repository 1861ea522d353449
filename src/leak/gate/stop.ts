import { pause } from "../../lab/deadline.ts";
import type { Host } from "../../lab/host.ts";
import { isFinwaitError } from "../../model/errors.ts";
import type { SocketRow } from "../../model/socket.ts";
import type { SocketSource } from "../source.ts";
import { type Suspect, Tracker } from "../tracker.ts";
import type { Crew } from "./crew.ts";
import type { Language } from "./language.ts";
import { listeningIn } from "./listening.ts";
import type { Peer } from "./peer.ts";
import { endText, type Subject } from "./subject.ts";

/** Who still listens so long after it was told to stop does not mean to. */
const listensOnMs = 1_000;
const everyMs = 50;
const silent = "connected, and never asked for anything";
const idle = "asked, was answered, and is idle";

export interface StopGround {
  readonly host: Host;
  readonly subject: Subject;
  readonly source: SocketSource;
  readonly crew: Crew;
  readonly language: Language;
  /** How long it may take to stop. */
  readonly withinMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** How the subject stopped, and the idle connections that kept it from stopping. */
export interface Stopped {
  readonly how: string;
  readonly kept: readonly Suspect[];
  /** When they were last looked at, on the clock of `performance.now()`. */
  readonly lastMs: number;
}

/** Nobody was kept. */
export const stoppedSo = (how: string): Stopped => ({ how, kept: [], lastMs: 0 });

/**
 * Opens two connections on which nothing is being asked, tells the subject to stop (SIGTERM), and sees whether they keep
 * it. Blamed are these two alone, and only when it no longer listens: whoever goes on listening ignores the signal, and
 * of other connections it is not known what they wait for.
 */
export async function stop(ground: StopGround): Promise<Stopped> {
  const { subject, crew, language, onProgress } = ground;
  if (subject.end() !== undefined) return stoppedSo("left others to run, which cannot be told to stop");
  const peers = [
    ...(await crew.open(1, { language, manner: silent })),
    ...(await crew.open(1, { language, manner: idle })),
  ];
  const [, asking] = peers;
  onProgress("telling it to stop");
  await asking?.ask();
  await asking?.answered();
  await accepted(ground, peers);
  const early = subject.end();
  if (early !== undefined) return stoppedSo(`${endText(early)} before it was told to`);
  const toldAt = performance.now();
  await subject.signal("SIGTERM");
  return await follow(ground, peers, toldAt);
}

/** A connection that the program has not taken yet keeps nobody. */
async function accepted({ source }: StopGround, peers: readonly Peer[]): Promise<void> {
  const until = performance.now() + listensOnMs;
  while (performance.now() < until) {
    const rows = (await rowsOf(source))?.filter((row) => isOneOf(peers, row) && (row.inode ?? 0) !== 0) ?? [];
    if (rows.length >= peers.length) return;
    await pause(everyMs);
  }
}

async function follow(ground: StopGround, peers: readonly Peer[], toldAt: number): Promise<Stopped> {
  const { host, subject, source, crew, withinMs, signal } = ground;
  const tracker = new Tracker({ circumstances: () => ({ subjectStopping: true }) });
  const { port } = crew.target;
  for (;;) {
    const end = await Promise.race([subject.ended, pause(everyMs)]);
    const elapsedMs = performance.now() - toldAt;
    if (end !== undefined) {
      const how = end.signal === "SIGTERM" ? "ended" : endText(end);
      return stoppedSo(`${how} ${Math.round(elapsedMs)} ms after SIGTERM`);
    }
    if (signal?.aborted) return stoppedSo("was being told to when finwait was interrupted");
    const listens = (await listeningIn(host)).some(({ bound }) => bound.port === port);
    if (listens && elapsedMs < listensOnMs) continue;
    if (listens) return stoppedSo("goes on listening after SIGTERM");
    const reading = await readingOf(source);
    if (reading === undefined) continue;
    const ours = reading.rows.filter((row) => row.state === "ESTABLISHED" && isOneOf(peers, row));
    const kept = tracker.take({ ...reading, rows: ours });
    if (kept.length === 0) return stoppedSo("no longer listens after SIGTERM, and let idle connections go");
    if (elapsedMs < withinMs) continue;
    return {
      how: `no longer listens, and still runs ${Math.round(withinMs / 1000)} s after SIGTERM (--stop-within)`,
      kept,
      lastMs: reading.atMs,
    };
  }
}

const isOneOf = (peers: readonly Peer[], row: SocketRow) => peers.some(({ port }) => port === row.peer.port);
const rowsOf = async (source: SocketSource) => (await readingOf(source))?.rows;

async function readingOf(source: SocketSource) {
  try {
    return await source.read();
  } catch (error) {
    if (isFinwaitError(error, "FINWAIT_SUBJECT_GONE")) return undefined;
    throw error;
  }
}
