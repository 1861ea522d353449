import type { SocketRow } from "../../model/socket.ts";
import { cutGroup } from "./cgroup.ts";
import { readMemory } from "./memory.ts";
import { readNumber } from "./number.ts";
import { addTcpInfo, type TcpInfo } from "./tcp-info.ts";
import { readTimer } from "./timer.ts";

type Named = "timer" | "cookie" | "inode" | "uid" | "cgroup" | "shutdown" | "memory";

/** What ss prints behind the addresses and the owners. */
export type Details = Pick<SocketRow, Named> & { readonly tcpInfo: TcpInfo };
type Draft = { -readonly [Name in keyof Details]: Details[Name] };

const hexadecimal = /^[0-9a-f]+$/;
const shutMark = /^[<-]-[->]$/;

/** Reads ` timer:(…) uid:0 ino:1 sk:2 cgroup:/ <-> skmem:(…) ts sack …`; undefined when a field it knows is malformed or there twice. */
export function readDetails(text: string): Details | undefined {
  const details: Draft = { tcpInfo: {} };
  const found = text.lastIndexOf(" skmem:(");
  const memory = found < 0 ? text.length : found;
  const { cgroup, before, after } = cutGroup(text.slice(0, memory).trimEnd());
  if (cgroup !== undefined) details.cgroup = cgroup;
  if (!readFields(before, details) || !readFields(after, details)) return undefined;
  const memoryEnd = endOfWord(text, memory + 1);
  if (memory < text.length && !readField(text.slice(memory + 1, memoryEnd), details)) return undefined;
  addTcpInfo(details.tcpInfo, text, memoryEnd);
  return details;
}

function readFields(text: string, details: Draft): boolean {
  const others: string[] = [];
  for (const word of text.split(" ")) {
    const read = word === "" || readField(word, details);
    if (read === false) return false;
    if (read === undefined) others.push(word);
  }
  addTcpInfo(details.tcpInfo, others.join(" "));
  return true;
}

function endOfWord(text: string, at: number): number {
  const blank = text.indexOf(" ", at);
  return blank < 0 ? text.length : blank;
}

/** Notes a field by its name: false for a malformed or second one, undefined for a word that is none. */
function readField(word: string, details: Draft): boolean | undefined {
  const value = word.slice(word.indexOf(":") + 1);
  if (word.startsWith("timer:")) return note(details, "timer", enclosed(value, readTimer));
  if (word.startsWith("uid:")) return note(details, "uid", readNumber(value));
  if (word.startsWith("ino:")) return note(details, "inode", readNumber(value));
  if (word.startsWith("sk:")) return note(details, "cookie", hexadecimal.test(value) ? value : undefined);
  if (word.startsWith("skmem:")) return note(details, "memory", enclosed(value, readMemory));
  if (shutMark.test(word)) return note(details, "shutdown", { read: word[0] === "-", write: word[2] === "-" });
  return undefined;
}

function note<Name extends Named>(draft: Draft, name: Name, value: Draft[Name] | undefined): boolean {
  if (value === undefined || draft[name] !== undefined) return false;
  draft[name] = value;
  return true;
}

function enclosed<T>(text: string, read: (inside: string) => T): T | undefined {
  return text.startsWith("(") && text.endsWith(")") ? read(text.slice(1, -1)) : undefined;
}
