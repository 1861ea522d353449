import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CallSite } from "../model/leak.ts";

// A test of the program may put others in their place.
const put = writeFileSync;
const move = renameSync;

/**
 * One line a site, with the keys of all sockets that came from it; of two with one key, the later counts. A line says
 * all it means, wherever the file is cut.
 */
export function callSiteLines(known: Iterable<readonly [string, CallSite]>): string {
  const keys = new Map<CallSite, string[]>();
  for (const [key, site] of new Map(known)) {
    const those = keys.get(site);
    if (those) those.push(key);
    else keys.set(site, [key]);
  }
  return [...keys].map(([site, those]) => `${JSON.stringify({ ...site, keys: those })}\n`).join("");
}

/** Once, when the program starts: whoever takes it away later is done with it. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // Nothing can be written, then.
  }
}

/** Whole or not at all, for whoever reads meanwhile. Says whether it was possible. */
export function writeWhole(folder: string, name: string, text: string): boolean {
  try {
    const aside = join(folder, `.${name}.part`);
    put(aside, text);
    move(aside, join(folder, name));
    return true;
  } catch {
    return false;
  }
}
