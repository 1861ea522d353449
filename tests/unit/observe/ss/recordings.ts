import { readFileSync } from "node:fs";

export const versions = ["5.10", "6.1", "6.7", "6.11", "6.15", "7.3"] as const;

export interface Recording {
  /** Everything, asked with `-p`. */
  readonly owned: string;
  /** A few ports again, without `-p`. */
  readonly plain: string;
}

/** What that version of ss printed: tests/fixtures/ss/README.md tells how it was recorded. */
export function recording(version: (typeof versions)[number]): Recording {
  const text = readFileSync(new URL(`../../../fixtures/ss/${version}.txt`, import.meta.url), "utf8");
  const [owned = "", plain = ""] = text.split(/^# ss -H.*\n/m).slice(1);
  return { owned, plain };
}
