import { socketKey } from "../../call-sites/key.ts";
import { pause } from "../../lab/deadline.ts";
import { isFinwaitError } from "../../model/errors.ts";
import type { SocketsReading } from "../../model/leak.ts";
import type { SocketRow } from "../../model/socket.ts";
import type { TcpState } from "../../model/state.ts";
import type { SocketSource } from "../source.ts";
import { type Suspect, Tracker } from "../tracker.ts";
import { awaitsAccept } from "../unaccepted.ts";
import type { Crew } from "./crew.ts";

const everyMs = 100;
/** As a multiple of what a reading takes: looking is not to be all that a machine does. */
const restsFor = 3;
/** An end that has been sent, as the socket that sent it shows. */
const hasSentItsEnd: readonly TcpState[] = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "LAST-ACK", "TIME-WAIT"];

/** What is asked of the peers. */
type Peers = Pick<Crew, "mannerOf" | "hasEnded">;

/** What the subject's sockets did while it was driven: one reading at a time, each with the manner of its moment. */
export class Observation {
  readonly tracker: Tracker;
  readonly #source: SocketSource;
  readonly #crew: Peers;
  /** By cookie: the manner during which a socket was first seen whose peer is none of ours. */
  readonly #firstSeen = new Map<string, string>();
  #ended: ReadonlySet<string> = new Set();
  #last: Promise<unknown> = Promise.resolve();
  /** What is being done to the subject. */
  #manner = "";
  #readings = 0;
  #lastSuspects: readonly Suspect[] = [];
  #unaccepted = 0;
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(source: SocketSource, crew: Peers) {
    this.#source = source;
    this.#crew = crew;
    const peerEnded = (row: SocketRow) => crew.hasEnded(row) ?? this.#ended.has(keyOf(row));
    this.tracker = new Tracker({ remembersAll: true, circumstances: (row) => ({ peerEnded: peerEnded(row) }) });
  }

  get readings(): number {
    return this.#readings;
  }

  /** Connections of ours that had ended, and still waited to be accepted, at the last reading: what becomes of them is open. */
  get unaccepted(): number {
    return this.#unaccepted;
  }

  /** What was suspect at the last reading in which the subject held anything: one that is just ending holds nothing. */
  get lastSuspects(): readonly Suspect[] {
    return this.#lastSuspects;
  }

  /** When the last reading was, on the clock of `performance.now()`. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get watchedMs(): number {
    return this.#lastMs - (this.#firstMs ?? this.#lastMs);
  }

  /** Says what is done to the subject from now on; what is being read still belongs to what was done before. */
  async begin(manner: string): Promise<void> {
    await this.#last;
    this.#manner = manner;
  }

  /** A reading that begins now, or as soon as the one under way has ended. Undefined when the subject is gone. */
  look(): Promise<readonly Suspect[] | undefined> {
    const look = this.#last.then(() => this.#look());
    this.#last = look.catch(() => {});
    return look;
  }

  /** Looks again and again until disposed. */
  watch(): AsyncDisposable {
    let isOver = false;
    const loop = async () => {
      for (let startedAt = performance.now(); !isOver; startedAt = performance.now()) {
        if ((await this.look()) === undefined) return;
        await pause(Math.max(everyMs, restsFor * (performance.now() - startedAt)));
      }
    };
    // What broke is told to whoever looks next.
    const watching = loop().catch(() => {});
    return {
      async [Symbol.asyncDispose]() {
        isOver = true;
        await watching;
      },
    };
  }

  /** What was being done when a socket came to be. */
  mannerOf(row: SocketRow): string | undefined {
    return this.#crew.mannerOf(row) ?? this.#firstSeen.get(row.cookie ?? row.line);
  }

  async #look(): Promise<readonly Suspect[] | undefined> {
    const manner = this.#manner;
    try {
      const reading = await this.#source.read();
      this.#note(reading, manner);
      const suspects = this.tracker.take(reading);
      // Whoever runs holds at least the socket that it listens with.
      if (reading.holders === undefined || reading.holders.size > 0) this.#lastSuspects = suspects;
      return suspects;
    } catch (error) {
      if (isFinwaitError(error, "FINWAIT_SUBJECT_GONE")) return undefined;
      throw error;
    }
  }

  #note({ rows, atMs }: SocketsReading, manner: string): void {
    this.#readings += 1;
    this.#unaccepted = rows.filter((row) => awaitsAccept(row) && this.#crew.mannerOf(row) !== undefined).length;
    this.#firstMs ??= atMs;
    this.#lastMs = atMs;
    // Both ends of a connection that the subject has with itself are in the one table.
    this.#ended = new Set(rows.filter(({ state }) => hasSentItsEnd.includes(state)).map(turnedKeyOf));
    for (const row of rows) {
      const key = row.cookie ?? row.line;
      if (manner !== "" && this.#crew.mannerOf(row) === undefined && !this.#firstSeen.has(key)) {
        this.#firstSeen.set(key, manner);
      }
    }
  }
}

// What a server on all addresses accepts has mapped addresses, which its client has not: the keys are the same.
const keyOf = ({ local, peer }: SocketRow) => socketKey(local, peer);
const turnedKeyOf = ({ local, peer }: SocketRow) => socketKey(peer, local);
