import type { SocketOwner } from "../../model/socket.ts";
import { readNumber } from "./number.ts";

const opening = "users:((";

/** The owners that stand at `at`, and where the text goes on behind them. */
export interface ReadOwners {
  readonly owners: readonly SocketOwner[];
  readonly end: number;
}

export function ownersStandAt(text: string, at: number): boolean {
  return text.startsWith(opening, at);
}

/**
 * Reads `users:(("node",pid=1,fd=2),("sh",pid=3,fd=4))` from `at` on; undefined when it is not that.
 *
 * A process chooses its own name, and ss quotes nothing: names hold quotes, blanks, commas and, before iproute2 7.0, line
 * ends, which break the row in two. One sign they cannot hold: ss takes a name from /proc/PID/stat up to the first `)`.
 * So an owner ends at the first `)`, its name at the last `",pid=` before it, and no name can forge a field or a row.
 * The limit: should some ss print a `)` within a name, the owner is read on to the next one, and such a name could then
 * invent an owner. Never a state, an inode or a cookie: those stand outside of the list.
 */
export function readOwners(text: string, at: number): ReadOwners | undefined {
  const owners: SocketOwner[] = [];
  let start = at + opening.length - 1;
  for (;;) {
    const owner = readOwner(text, start);
    if (owner === undefined) return undefined;
    owners.push(owner.owner);
    if (text[owner.end] === ")") return { owners, end: owner.end + 1 };
    start = owner.end + 1;
  }
}

// A name has at most 15 bytes; broken escapes have been seen to double them. What is longer is no owner.
const longestOwner = 128;

function readOwner(text: string, start: number): { readonly owner: SocketOwner; readonly end: number } | undefined {
  if (!text.startsWith('("', start)) return undefined;
  const inside = text.slice(start + 2, start + longestOwner);
  for (let close = inside.indexOf(")"); close >= 0; close = inside.indexOf(")", close + 1)) {
    const end = start + 2 + close + 1;
    const owner = ownerIn(inside.slice(0, close));
    if (owner !== undefined && (text[end] === ")" || text.startsWith(',("', end))) return { owner, end };
  }
  return undefined;
}

function ownerIn(inside: string): SocketOwner | undefined {
  const nameEnd = inside.lastIndexOf('",pid=');
  const fdStart = inside.indexOf(",fd=", nameEnd + 6);
  if (nameEnd < 0 || fdStart < 0) return undefined;
  const pid = readNumber(inside.slice(nameEnd + 6, fdStart));
  const fd = readNumber(inside.slice(fdStart + 4));
  if (pid === undefined || fd === undefined) return undefined;
  return { name: inside.slice(0, nameEnd), pid, fd };
}
