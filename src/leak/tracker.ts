import type { LeakCause, SocketHolder, SocketsReading } from "../model/leak.ts";
import type { SocketRow } from "../model/socket.ts";
import { type Circumstances, progressOf, suspicion } from "./suspicion.ts";

/** A socket that looks leaked, and since when nothing has changed about it. */
export interface Suspect {
  readonly cause: LeakCause;
  readonly row: SocketRow;
  readonly holders: readonly SocketHolder[];
  readonly sinceMs: number;
}

export interface TrackerOptions {
  /** What else is known of a socket at this moment; asked at every reading. */
  readonly circumstances?: (row: SocketRow) => Circumstances;
  /**
   * Remembers every socket that was seen with a descriptor, to find descriptors whose connection is gone. For sources
   * whose readings have all states and all holders; memory grows with the sockets that are open.
   */
  readonly remembersAll?: boolean;
}

/**
 * Follows suspects from reading to reading: a count proves nothing, since a busy event loop makes CLOSE-WAIT that heals.
 * Memory is bounded by the suspects of the last reading, and with `remembersAll` by its sockets.
 */
export class Tracker {
  readonly #circumstances: (row: SocketRow) => Circumstances;
  readonly #remembersAll: boolean;
  #suspects = new Map<string, Suspect & { readonly progress: string }>();
  /** By inode: what was seen of a connection while its descriptor was open. */
  #seen = new Map<number, SocketRow>();
  #lastMs = 0;

  constructor({ circumstances = () => ({}), remembersAll = false }: TrackerOptions = {}) {
    this.#circumstances = circumstances;
    this.#remembersAll = remembersAll;
  }

  /** Takes a reading, later than any before, and gives the suspects as they stand. */
  take(reading: SocketsReading): readonly Suspect[] {
    const before = this.#suspects;
    this.#suspects = new Map();
    this.#lastMs = reading.atMs;
    for (const row of reading.rows) {
      const cause = suspicion(row, this.#circumstances(row));
      if (cause === undefined) continue;
      this.#follow(before, { cause, row, holders: holdersOf(reading, row), sinceMs: reading.atMs });
    }
    if (this.#remembersAll) this.#findAbandoned(before, reading);
    return this.suspects();
  }

  /** The suspects of the last reading. */
  suspects(): readonly Suspect[] {
    return [...this.#suspects.values()];
  }

  /** Those for which nothing has changed for `graceMs`, up to the last reading. */
  outliving(graceMs: number): readonly Suspect[] {
    return this.suspects().filter(({ sinceMs }) => this.#lastMs - sinceMs >= graceMs);
  }

  #follow(before: ReadonlyMap<string, Suspect & { progress: string }>, suspect: Suspect): void {
    const key = suspect.row.cookie ?? suspect.row.line;
    const progress = progressOf(suspect.row);
    const known = before.get(key);
    const isSame = known !== undefined && known.cause === suspect.cause && known.progress === progress;
    this.#suspects.set(key, { ...suspect, progress, sinceMs: isSame ? known.sinceMs : suspect.sinceMs });
  }

  #findAbandoned(before: ReadonlyMap<string, Suspect & { progress: string }>, { atMs, rows, holders }: SocketsReading) {
    if (holders === undefined) return;
    const live = new Set(rows.map((row) => row.inode ?? 0));
    for (const [inode, row] of this.#seen) {
      const held = holders.get(inode);
      if (held === undefined) this.#seen.delete(inode);
      else if (!live.has(inode)) this.#follow(before, { cause: "abandoned", row, holders: held, sinceMs: atMs });
    }
    for (const row of rows) if (row.inode !== undefined && row.inode !== 0) this.#seen.set(row.inode, row);
  }
}

function holdersOf({ holders }: SocketsReading, { inode = 0 }: SocketRow): readonly SocketHolder[] {
  return holders?.get(inode) ?? [];
}
