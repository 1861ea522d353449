import type { SocketMemory } from "../../model/socket.ts";
import { readNumber } from "./number.ts";

const letters = ["r", "rb", "t", "tb", "f", "w", "o", "bl", "d"] as const;
const needed = 7;

/** Reads what stands between the parentheses of `skmem:(r0,rb131072,…)`. Kernels before 4.13 leave out the last ones, read as 0. */
export function readMemory(inside: string): SocketMemory | undefined {
  const values: number[] = [];
  let at = 0;
  for (const letter of letters) {
    if (at > inside.length && values.length >= needed) break;
    const comma = inside.indexOf(",", at);
    const end = comma < 0 ? inside.length : comma;
    const value = inside.startsWith(letter, at) ? readNumber(inside.slice(at + letter.length, end)) : undefined;
    if (value === undefined) return undefined;
    values.push(value);
    at = end + 1;
  }
  if (at <= inside.length) return undefined;
  const [rmemAlloc = 0, rcvBuf = 0, wmemAlloc = 0, sndBuf = 0, fwdAlloc = 0, wmemQueued = 0, optMem = 0] = values;
  const [backLog = 0, drops = 0] = values.slice(needed);
  return { rmemAlloc, rcvBuf, wmemAlloc, sndBuf, fwdAlloc, wmemQueued, optMem, backLog, drops };
}
