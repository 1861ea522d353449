import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
/** What preparation remembers: not in node_modules, which `npm ci` empties while preparation still needs it. */
export const state = join(root, ".finwait");

const nodeFile = process.platform === "win32" ? "node.exe" : "node";
const lockedNode = join(root, "node_modules", "node", "bin", nodeFile);

/** The Node the project pins, which may be newer than the one that started this script. */
export function pinnedNode() {
  return existsSync(lockedNode) ? lockedNode : process.execPath;
}

/**
 * The search path without node_modules/.bin: what runs from there would be deleted under its own feet by `npm ci`.
 *
 * @param {string} path
 */
export function pathOutsideProject(path) {
  const separator = process.platform === "win32" ? ";" : ":";
  const inside = join(root, "node_modules") + sep;
  return path
    .split(separator)
    .filter((folder) => !`${folder}${sep}`.startsWith(inside))
    .join(separator);
}

/** @param {string} text */
export function say(text) {
  // Standard output belongs to the command that follows, which may be read by a machine.
  process.stderr.write(`finwait: ${text}\n`);
}

/** A failure that the reader can do something about: its message is printed without a stack. */
export class PreparationError extends Error {}
