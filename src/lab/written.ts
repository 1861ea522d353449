import { createHash } from "node:crypto";
import { patternViews } from "../protocol/payload.ts";

const known = new Map<number, string>();

/** SHA-256, in hexadecimal, of the first `bytes` bytes that an endpoint writes: what its peer's 'end' and 'close' tell. */
export function sha256Written(bytes: number): string {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const hash = createHash("sha256");
  for (const view of patternViews(0, bytes)) hash.update(view);
  const digest = hash.digest("hex");
  known.set(bytes, digest);
  return digest;
}
