const hourMs = 3_600_000;
const mostSamples = 40;
/** Before this, a slope says more about the moment of looking than about the program. */
const leastSamples = 5;
const leastMs = 10_000;
/** One or two sockets more are no trend before ten minutes have passed. */
const leastChange = 3;
const longMs = 600_000;

interface Sample {
  readonly atMs: number;
  readonly count: number;
}

/** A count over time, of which at most the last hour is kept, in at most forty samples: memory is flat. */
export class Growth {
  #samples: Sample[] = [];
  #spacingMs = 0;

  /** Takes a count, later than any before. */
  add(atMs: number, count: number): void {
    const samples = this.#samples;
    const beforeLast = samples.at(-2);
    // The last sample is always the last count; older ones stand apart.
    if (beforeLast !== undefined && atMs - beforeLast.atMs < this.#spacingMs) samples.pop();
    samples.push({ atMs, count });
    while ((samples[0]?.atMs ?? atMs) < atMs - hourMs) samples.shift();
    if (samples.length > mostSamples) this.#thin();
  }

  /** How many more in an hour, by least squares; undefined while it is too early to say. */
  perHour(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || this.#samples.length < leastSamples) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < leastMs) return undefined;
    const change = Math.abs(last.count - first.count);
    if (change > 0 && change < leastChange && spanMs < longMs) return undefined;
    return this.#samples.every(({ count }) => count === first.count) ? 0 : slope(this.#samples) * hourMs;
  }

  #thin(): void {
    const last = this.#samples.length - 1;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0 || index === last);
    const spanMs = (this.#samples.at(-1)?.atMs ?? 0) - (this.#samples[0]?.atMs ?? 0);
    this.#spacingMs = spanMs / (mostSamples / 2);
  }
}

function slope(samples: readonly Sample[]): number {
  const meanMs = mean(samples.map(({ atMs }) => atMs));
  const meanCount = mean(samples.map(({ count }) => count));
  let [above, below] = [0, 0];
  for (const { atMs, count } of samples) {
    above += (atMs - meanMs) * (count - meanCount);
    below += (atMs - meanMs) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
