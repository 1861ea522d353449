import type { Hash } from "node:crypto";
import { builtin } from "./runtime.ts";

/** Counts and hashes a stream without keeping it. */
export interface Received {
  readonly total: number;
  add(chunk: Uint8Array): void;
  /** SHA-256, in hexadecimal, of everything so far. */
  sha256(): string;
}

const hashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export function countReceived(): Received {
  let total = 0;
  let hash: Hash | undefined;
  let reported = { total: 0, sha256: hashOfNothing };

  function add(chunk: Uint8Array): void {
    hash ??= builtin.crypto().createHash("sha256");
    hash.update(chunk);
    total += chunk.length;
  }

  function sha256(): string {
    // A digest ends its hash, and more may come: the copy is what is ended.
    if (hash !== undefined && reported.total !== total) reported = { total, sha256: hash.copy().digest("hex") };
    return reported.sha256;
  }

  return {
    add,
    sha256,
    get total() {
      return total;
    },
  };
}
