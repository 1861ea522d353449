/** A line of /proc/<pid>/stat, as far as it is of use. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** It has ended, and holds nothing; its parent has yet to look at it. */
  readonly isZombie: boolean;
  /** Clock ticks since boot: tells a process from a later one with the same id. */
  readonly startedAt: string;
}

const link = /^socket:\[(\d{1,15})\]$/;

/** The inode in `socket:[4711]`, which is where a socket's descriptor points; undefined for any other link. */
export function socketInode(text: string): number | undefined {
  const digits = link.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Reads /proc/<pid>/stat. The name in it is the process's own choice, brackets and line ends included. */
export function parseStat(text: string): ProcessStat | undefined {
  const pid = /^(\d{1,10}) \(/.exec(text)?.[1];
  const [state = "", parent = "", ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (pid === undefined || !/^[A-Za-z]$/.test(state) || !/^\d{1,10}$/.test(parent)) return undefined;
  return { pid: Number(pid), parent: Number(parent), isZombie: "ZXx".includes(state), startedAt: rest[17] ?? "" };
}

/** The soft limit of open files in /proc/<pid>/limits; undefined when it is not there, Infinity for none. */
export function parseSoftNofile(limits: string): number | undefined {
  const word = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (word === "unlimited") return Number.POSITIVE_INFINITY;
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : undefined;
}

/** What to call a process. From version 24 on Node names its main thread, and so the process, "MainThread". */
export function nameFrom(comm: string, executable: string): string {
  return comm === "MainThread" && /(^|\/)node( \(deleted\))?$/.test(executable) ? "node" : comm;
}

/** The process and all its descendants, parents first; empty when it is not among them, or is a zombie. */
export function familyIn(processes: readonly ProcessStat[], pid: number): readonly number[] {
  const living = processes.filter((one) => !one.isZombie);
  if (!living.some((one) => one.pid === pid)) return [];
  const children = Map.groupBy(living, ({ parent }) => parent);
  const found = new Set([pid]);
  for (const parent of found) for (const child of children.get(parent) ?? []) found.add(child.pid);
  return [...found];
}
