/** How far a capture's wall clock is ahead of the run's, in nanoseconds, and how sure that is. */
export interface Offset {
  readonly ns: number;
  readonly uncertaintyNs: number;
}

/**
 * The wall clock that the captures of a lab stamp with: its hosts share one kernel, so one comparison serves them all, and
 * what left one host has never come in at another before.
 */
export class CaptureClock {
  #first: Offset | undefined;
  #best: Offset = { ns: 0, uncertaintyNs: Number.POSITIVE_INFINITY };

  /** The surest comparison so far; before the first, nothing is known. */
  get offset(): Offset {
    return this.#best;
  }

  /** How much the offset has moved since the first comparison; what lies within its uncertainty is no drift to worry about. */
  get driftNs(): number {
    return this.#first === undefined ? 0 : Math.abs(this.#best.ns - this.#first.ns);
  }

  /** The comparisons of the start are done: drift counts from here. */
  started(): void {
    this.#first ??= this.#best;
  }

  /** Takes a further comparison: the surest counts, until one contradicts it because the clock was set or is slewed. */
  compared(offset: Offset): void {
    if (offset.uncertaintyNs <= this.#best.uncertaintyNs || contradict(this.#best, offset)) this.#best = offset;
  }
}

function contradict(a: Offset, b: Offset): boolean {
  return Math.abs(a.ns - b.ns) > a.uncertaintyNs + b.uncertaintyNs;
}
