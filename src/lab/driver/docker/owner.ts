import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A harness process, named so that another process can tell whether it still runs. */
export interface Owner {
  /** The kernel's boot id; `host:` and the host name where there is none. */
  readonly boot: string;
  /** Process ids mean something only within one PID namespace. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** In clock ticks since boot: tells a process from a later one with the same id. Empty where not known. */
  readonly startedAt: string;
}

/** What is known of a process: gone, or there, with its start where that can be read. */
export type ProcessLook = { readonly exists: false } | { readonly exists: true; readonly startedAt: string };

export function thisOwner(): Owner {
  return {
    boot: readOr("/proc/sys/kernel/random/boot_id", `host:${hostname()}`),
    pidNamespace: linkOr("/proc/self/ns/pid", "-"),
    pid: process.pid,
    startedAt: startOf(process.pid),
  };
}

export function formatOwner(owner: Owner): string {
  return [owner.boot, owner.pidNamespace, owner.pid, owner.startedAt].join("|");
}

export function parseOwner(text: string): Owner | undefined {
  const [boot, pidNamespace, pid, startedAt, ...rest] = text.split("|");
  if (!boot || !pidNamespace || startedAt === undefined || rest.length > 0) return undefined;
  return /^[1-9][0-9]{0,9}$/.test(pid ?? "") ? { boot, pidNamespace, pid: Number(pid), startedAt } : undefined;
}

/** `unknown` for a process of another boot, machine or PID namespace: it cannot be seen from here. */
export function fateOf(owner: Owner, here: Owner, look: (pid: number) => ProcessLook): "alive" | "dead" | "unknown" {
  if (owner.boot !== here.boot || owner.pidNamespace !== here.pidNamespace) return "unknown";
  const found = look(owner.pid);
  if (!found.exists) return "dead";
  const sameStart = found.startedAt === "" || owner.startedAt === "" || found.startedAt === owner.startedAt;
  return sameStart ? "alive" : "dead";
}

export function lookAtProcess(pid: number): ProcessLook {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM is somebody else's process: it exists.
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return { exists: false };
  }
  const [state = ""] = statOf(pid);
  // A zombie holds nothing any more: only its parent has yet to look at it.
  return state === "Z" || state === "X" ? { exists: false } : { exists: true, startedAt: startOf(pid) };
}

function startOf(pid: number): string {
  return statOf(pid)[19] ?? "";
}

/** The fields of /proc/PID/stat from the third, the state; the command name before it may hold spaces and brackets. */
function statOf(pid: number): string[] {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return otherwise;
  }
}

function linkOr(file: string, otherwise: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return otherwise;
  }
}
