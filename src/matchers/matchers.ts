import type { TcpState } from "../model/state.ts";

/** How long a matcher may wait. */
export interface WithinOptions {
  /** Milliseconds; default 4,000, for vitest ends a test after 5,000. With `.not.toReach` it must be given. */
  readonly within?: number;
}

/** For how long something must be so. */
export interface StayOptions {
  /** Milliseconds. */
  readonly for: number;
}

/** How long a socket must look leaked. */
export interface GraceOptions {
  /** Milliseconds; default 3,000. */
  readonly grace?: number;
}

/** What `import "finwait/vitest"` adds to `expect`. Every matcher is to be awaited. */
export interface FinwaitMatchers {
  /** The kernel shows the state, or one of several, of an endpoint of a lab. */
  toReach(state: TcpState | readonly TcpState[], options?: WithinOptions): Promise<void>;
  /** Every reading of an endpoint shows the state; with `.not`, one reading does not. */
  toStayIn(state: TcpState, options: StayOptions): Promise<void>;
  /** An endpoint is in FIN-WAIT-2 (it has ended and may still receive) or CLOSE-WAIT (its peer has, it may still send). */
  toBeHalfClosed(options?: WithinOptions): Promise<void>;
  /** An endpoint sends no data, no FIN, and nothing again. Bare acknowledgements do not count. */
  toSendNothing(options: StayOptions): Promise<void>;
  /**
   * No socket of a pid, a process, a started container (of Testcontainers), `{ port }` or `{ container }` stays open
   * after its end has come. Without a suspect it passes at once, else it waits until all have gone or one outlives the grace.
   */
  toLeakNoSockets(options?: GraceOptions): Promise<void>;
}
