/** Byte `offset` of every stream the agents write: position tells content, so loss, repetition and reordering all change the hash. */
export function patternByte(offset: number): number {
  return (offset * 31 + (offset >>> 8) * 7) & 0xff;
}

/** The pattern repeats after this many bytes: `offset` counts modulo 256, `offset >>> 8` does so modulo 256 too. */
export const patternPeriod = 0x1_0000;

const longestView = 16 * patternPeriod;
let stored: Uint8Array | undefined;

/** `bytes` bytes of the pattern from `offset` on, in memory of their own. */
export function pattern(offset: number, bytes: number): Uint8Array {
  const chunk = new Uint8Array(bytes);
  let filled = 0;
  for (const view of patternViews(offset, bytes)) {
    chunk.set(view, filled);
    filled += view.length;
  }
  return chunk;
}

/**
 * The same bytes as {@link pattern}, as consecutive views of one shared megabyte: writing 64 MiB costs no memory.
 * At least one view, so that writing nothing is a write too. Read-only.
 */
export function* patternViews(offset: number, bytes: number): Generator<Uint8Array> {
  stored ??= repeatedPattern();
  let done = 0;
  do {
    const start = (offset + done) % patternPeriod;
    const length = Math.min(bytes - done, longestView);
    yield stored.subarray(start, start + length);
    done += length;
  } while (done < bytes);
}

function repeatedPattern(): Uint8Array {
  const repeated = new Uint8Array(longestView + patternPeriod);
  for (let offset = 0; offset < patternPeriod; offset++) repeated[offset] = patternByte(offset);
  for (let filled = patternPeriod; filled < repeated.length; filled += patternPeriod) {
    repeated.copyWithin(filled, 0, patternPeriod);
  }
  return repeated;
}
