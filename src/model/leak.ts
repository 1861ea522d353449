import type { SocketRow } from "./socket.ts";

/**
 * Why a socket is held although its end has come. The first four are states of the kernel; `abandoned` is a descriptor
 * whose connection is gone, which no socket table shows; `refused-to-end` needs to know that the program was told to stop.
 */
export type LeakCause =
  /** CLOSE-WAIT, Recv-Q 0: the program took the end from the kernel and did not close. */
  | "not-closed"
  /** CLOSE-WAIT, Recv-Q ≥ 1: the program has not read up to the end (an unread FIN counts 1). */
  | "not-read"
  /** CLOSE-WAIT or FIN-WAIT-1, Send-Q ≥ 1: what was written does not leave, for the peer does not take it. */
  | "not-sent"
  /** FIN-WAIT-2 with a descriptor: the program ended its side and waits for a peer that does not. */
  | "half-closed"
  /** ESTABLISHED, Recv-Q full: the peer has ended, and its end is stuck behind what the program does not read. */
  | "not-drained"
  /** No socket in any table: reset or closed, and the descriptor is still open. */
  | "abandoned"
  /** ESTABLISHED, though the program was told to stop and no longer listens: it waits for the connection. */
  | "kept-from-stopping";

/** A descriptor of a process that refers to a socket. */
export interface SocketHolder {
  readonly pid: number;
  /** The name of the process, from /proc/<pid>/comm: whatever it calls itself. */
  readonly process: string;
  readonly fd: number;
}

/** One look at the sockets of a subject. */
export interface SocketsReading {
  /** Milliseconds on a monotonic clock: the middle of the time the look took. */
  readonly atMs: number;
  /** The sockets that can be suspects, by what the source asks the kernel for; LISTEN is not among them. */
  readonly rows: readonly SocketRow[];
  /**
   * Who holds which inode; undefined where it was not looked at, or may not be. ss's own `ino:` says then that a
   * descriptor exists (0: none), but not whose, and a descriptor whose connection is gone is not seen.
   */
  readonly holders?: ReadonlyMap<number, readonly SocketHolder[]>;
}

/** Open descriptors of a process against its limit. */
export interface DescriptorUse {
  readonly pid: number;
  readonly process: string;
  readonly open: number;
  /** The soft limit: opening one more fails with EMFILE. */
  readonly limit: number;
}

/** Where in the user's JavaScript a socket came from, as the preload recorded it. */
export interface CallSite {
  /** `connect`: the program opened it. `accept`: a server accepted it; the site is where that server began to listen. */
  readonly how: "connect" | "accept";
  /** The first line outside Node and node_modules, or outside Node where there is none: "server.js:12:7". */
  readonly at: string;
  /** The stack below it, innermost first, at most eight lines. */
  readonly stack: readonly string[];
}

/** A socket whose end has come, whose descriptor is held, and which outlived the grace. */
export interface LeakedSocket {
  readonly cause: LeakCause;
  /** As last seen; of an `abandoned` one, as it was before its connection went. */
  readonly row: SocketRow;
  readonly holders: readonly SocketHolder[];
  /** At least so long: since it was first seen like this, with nothing moving on it since. */
  readonly ageMs: number;
  readonly site?: CallSite;
  /** What its peer did, where finwait was the peer. */
  readonly manner?: string;
}

/** What was found of a subject's leaks. */
export interface LeakReport {
  /** What was looked at, in words: "process 4711 (node)". */
  readonly subject: string;
  readonly leaked: readonly LeakedSocket[];
  /** Suspects that had not outlived the grace when looking ended: being watched, not accused. */
  readonly undecided: number;
  /** How long a socket had to last to be accused. */
  readonly graceMs: number;
  /** From the first reading to the last. */
  readonly watchedMs: number;
  readonly readings: number;
  readonly descriptors: readonly DescriptorUse[];
  /** What could not be looked at, and what that hides. */
  readonly blind: readonly string[];
}
