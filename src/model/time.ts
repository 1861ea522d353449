/**
 * Nanoseconds on the run's one monotonic clock, counted from the moment the lab opened.
 * A plain number, so that it survives JSON: exact for 104 days.
 */
export type MonoNs = number & { readonly unit: "MonoNs" };

export function monoNs(value: number): MonoNs {
  return value as MonoNs;
}

/** Reads the monotonic clock of this process. Nothing in finwait reads wall-clock time to order things. */
export interface Clock {
  now(): MonoNs;
}

/** A clock that counts from `epoch`, a value of `process.hrtime.bigint()`. */
export function clockFrom(epoch: bigint): Clock {
  return { now: () => monoNs(Number(process.hrtime.bigint() - epoch)) };
}

export const ms = (ns: number): number => ns / 1e6;
