import type { DescriptorUse, LeakCause, LeakedSocket } from "./leak.ts";
import type { TcpState } from "./state.ts";

/** How many sockets, how old the oldest is, and how fast they become more. */
export interface WatchedCount {
  readonly count: number;
  /** Those of them on which nothing has moved for 5 s. Growth is theirs: what comes and goes is no leak. */
  readonly lasting: number;
  /** At least so long has nothing moved on the oldest: since it was first seen. 0 where there is none. */
  readonly oldestMs: number;
  /** Lasting sockets an hour, over the last hour at most; absent while it is too early to say. */
  readonly growthPerHour?: number;
}

/** All suspects in one state. */
export interface WatchedState extends WatchedCount {
  readonly state: TcpState;
}

/** Suspects that are alike: of one process, in one state, for one cause, between the same addresses. */
export interface WatchedGroup extends WatchedState {
  readonly cause: LeakCause;
  /** Absent where it could not be found out whose they are. */
  readonly pid?: number;
  readonly process?: string;
  /** The port is 0 where the sockets of the group have several. */
  readonly local: { readonly address: string; readonly port: number };
  readonly peer: { readonly address: string; readonly port: number };
  /** The one that has been so for longest. */
  readonly oldest: LeakedSocket;
}

/** Descriptors of a process, and what its suspects do to them. */
export interface WatchedDescriptors extends DescriptorUse {
  readonly left: number;
  /** Lasting suspects of the process an hour; absent while it is too early to say. */
  readonly growthPerHour?: number;
  /** When none is left, if its suspects go on becoming more like this: the next open fails with EMFILE. */
  readonly exhaustedInMs?: number;
}

/** What the kernel counts anyway, of the whole network namespace. */
export interface SocketTotals {
  /** TCP sockets in any state but TIME-WAIT, listeners included. */
  readonly inUse: number;
  /** ESTABLISHED and CLOSE-WAIT together: the kernel counts them as one. */
  readonly connected: number;
  readonly timeWait: number;
}

/** A threshold of `--fail` that a reading is beyond. */
export interface PassedThreshold {
  /** As it was written: `close-wait.age > 60s`. */
  readonly expression: string;
  /** In milliseconds, sockets, sockets an hour, or descriptors. */
  readonly measured: number;
  /** The oldest socket it is about. */
  readonly socket?: LeakedSocket;
  /** The process it is about, where it is about descriptors. */
  readonly descriptors?: WatchedDescriptors;
}

/** One reading of `finwait watch`: a line of its NDJSON. */
export interface WatchReading {
  /** Wall-clock time, ISO 8601. */
  readonly at: string;
  /** What is watched, in words: "process 4711 (node)". */
  readonly subject: string;
  /** 1 for the first. */
  readonly reading: number;
  /** Since the first reading. */
  readonly watchedMs: number;
  /** How long this reading took. */
  readonly tookMs: number;
  /** Absent where they could not be read. */
  readonly totals?: SocketTotals;
  /** CLOSE-WAIT, FIN-WAIT-1 and FIN-WAIT-2, also where there are none. */
  readonly states: readonly WatchedState[];
  /** All suspects together. */
  readonly suspects: WatchedCount;
  /** The oldest first. */
  readonly groups: readonly WatchedGroup[];
  /** Of the processes that hold suspects, or of all that are watched where a threshold or `--metrics` asks for it. */
  readonly descriptors: readonly WatchedDescriptors[];
  readonly passed: readonly PassedThreshold[];
  /** What could not be looked at, and what that hides. */
  readonly blind: readonly string[];
}
