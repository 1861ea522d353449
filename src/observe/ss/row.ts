import type { SocketRow } from "../../model/socket.ts";
import { readAddress } from "./address.ts";
import { readDetails } from "./details.ts";
import { readNumber } from "./number.ts";
import { ownersStandAt, readOwners } from "./owners.ts";
import { readState } from "./states.ts";

/** A row, and where its last line ends: the name of an owner may hold line ends. */
export interface ReadRow {
  readonly row: SocketRow;
  readonly end: number;
}

/** Reads the row whose first line is `text` from `start` to `lineEnd`; undefined when it is none. */
export function readRow(text: string, start: number, lineEnd: number): ReadRow | undefined {
  const columns = readColumns(text, start, lineEnd);
  if (columns === undefined) return undefined;
  const [state, recvQ, sendQ, local, peer] = columns.values;
  const next = skipBlanks(text, columns.end);
  const owned = ownersStandAt(text, next) ? readOwners(text, next) : { owners: [], end: columns.end };
  if (owned === undefined) return undefined;
  const end = endOfLine(text, owned.end);
  const details = readDetails(text.slice(owned.end, end));
  if (details === undefined) return undefined;
  const line = text.slice(start, end).trimEnd();
  return { row: { state, recvQ, sendQ, local, peer, ...details, owners: owned.owners, line }, end };
}

/** Where the line that holds `at` ends: its line feed, or the end of the text. */
export function endOfLine(text: string, at: number): number {
  const feed = text.indexOf("\n", at);
  return feed < 0 ? text.length : feed;
}

function readColumns(text: string, start: number, lineEnd: number) {
  const words: string[] = [];
  let at = start;
  while (words.length < 5) {
    at = skipBlanks(text, at);
    if (at >= lineEnd) return undefined;
    const blank = text.indexOf(" ", at);
    const end = blank < 0 || blank > lineEnd ? lineEnd : blank;
    words.push(text.slice(at, end));
    at = end;
  }
  const [stateWord = "", recvQWord = "", sendQWord = "", localWord = "", peerWord = ""] = words;
  const state = readState(stateWord);
  const recvQ = readNumber(recvQWord);
  const sendQ = readNumber(sendQWord);
  const local = readAddress(localWord);
  const peer = readAddress(peerWord);
  if (state === undefined || recvQ === undefined || sendQ === undefined) return undefined;
  if (local === undefined || peer === undefined) return undefined;
  return { values: [state, recvQ, sendQ, local, peer] as const, end: at };
}

function skipBlanks(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) === 32) next += 1;
  return next;
}
