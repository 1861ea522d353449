import { opendirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { DescriptorUse, SocketHolder } from "../../model/leak.ts";
import { familyIn, nameFrom, type ProcessStat, parseSoftNofile, parseStat, socketInode } from "./parse.ts";
import type { HeldSockets, ProcReader } from "./reader.ts";

/** Read at a stretch, some 6 ms: other work of this process has its turn in between. */
const linksAtATime = 2_000;

/** This machine's processes, read without starting any: a link costs 3 µs, where a promise for it would cost 30. */
export const localProc: ProcReader = {
  family: async (pid) => familyIn(processIds().flatMap(statOf), pid),
  holders: lookForHolders,
  descriptors: async (pids) => pids.flatMap(useOf),
};

/** The name of a process of this machine; empty when it is gone. */
export function processName(pid: number): string {
  return nameFrom(readText(`/proc/${pid}/comm`)?.trimEnd() ?? "", linkOf(`/proc/${pid}/exe`));
}

/** What tells a process of this machine from a later one with the same id; undefined when it is gone. */
export function processStart(pid: number): string | undefined {
  const [stat] = statOf(pid);
  return stat === undefined || stat.isZombie ? undefined : stat.startedAt;
}

/** The network namespace of a process, as the kernel names it; undefined when it is gone or may not be looked at. */
export function networkOf(pid: number): string | undefined {
  const name = linkOf(`/proc/${pid}/ns/net`);
  return name.startsWith("net:") ? name : undefined;
}

/** Whether this process may see what the descriptors of another are; undefined when that one is gone. */
export function mayReadDescriptors(pid: number): boolean | undefined {
  try {
    using folder = opendirSync(`/proc/${pid}/fd`);
    const first = folder.readSync();
    // The names may be seen by whom the links may not.
    return first === null || linkOf(`/proc/${pid}/fd/${first.name}`) !== "denied";
  } catch (error) {
    return whyNot(error) === "denied" ? false : undefined;
  }
}

async function lookForHolders(pids: readonly number[] | "all", wanted?: ReadonlySet<number>): Promise<HeldSockets> {
  const holders = new Map<number, SocketHolder[]>();
  const unreadable: number[] = [];
  let read = 0;
  for (const pid of pids === "all" ? processIds() : pids) {
    if (pids === "all" && wanted !== undefined && holders.size === wanted.size) break;
    const descriptors = namesIn(`/proc/${pid}/fd`);
    if (descriptors === "denied") unreadable.push(pid);
    if (typeof descriptors === "string") continue;
    let name: string | undefined;
    for (const fd of descriptors) {
      read += 1;
      if (read % linksAtATime === 0) await setImmediate();
      const target = linkOf(`/proc/${pid}/fd/${fd}`);
      if (target === "denied") {
        unreadable.push(pid);
        break;
      }
      const inode = socketInode(target);
      if (inode === undefined || wanted?.has(inode) === false) continue;
      name ??= processName(pid);
      add(holders, inode, { pid, process: name, fd: Number(fd) });
    }
  }
  return { holders, unreadable: unreadable.toSorted((a, b) => a - b) };
}

function add(holders: Map<number, SocketHolder[]>, inode: number, holder: SocketHolder): void {
  const known = holders.get(inode);
  if (known === undefined) holders.set(inode, [holder]);
  else known.push(holder);
}

function useOf(pid: number): DescriptorUse[] {
  const limits = readText(`/proc/${pid}/limits`);
  const limit = limits === undefined ? undefined : parseSoftNofile(limits);
  const open = countIn(`/proc/${pid}/fd`);
  return limit === undefined || open === undefined ? [] : [{ pid, process: processName(pid), open, limit }];
}

function countIn(folder: string): number | undefined {
  try {
    // Linux 6.2 and later count them as the folder's size; before, it is 0.
    const { size } = statSync(folder);
    if (size > 0) return size;
  } catch {
    return undefined;
  }
  const names = namesIn(folder);
  return typeof names === "string" ? undefined : names.length;
}

function statOf(pid: number): ProcessStat[] {
  const stat = parseStat(readText(`/proc/${pid}/stat`) ?? "");
  return stat === undefined ? [] : [stat];
}

function processIds(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] | "denied" | "gone" {
  try {
    return readdirSync(folder);
  } catch (error) {
    return whyNot(error);
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch (error) {
    return whyNot(error);
  }
}

/** A descriptor may be closed, and a process end, while they are being read. */
function whyNot(error: unknown): "denied" | "gone" {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EACCES" || code === "EPERM" ? "denied" : "gone";
}
