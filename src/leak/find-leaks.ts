import { setImmediate } from "node:timers/promises";
import { FinwaitError } from "../model/errors.ts";
import type { LeakReport } from "../model/leak.ts";
import { checkedGraceMs } from "./grace.ts";
import { outlive } from "./outlive.ts";
import type { SocketSource } from "./source.ts";
import { openContainerSource } from "./sources/container.ts";
import { openPortSource } from "./sources/port.ts";
import { openProcessSource } from "./sources/process.ts";
import { Tracker } from "./tracker.ts";

/**
 * What can be looked at: a process by its id or as `spawn()` gives it, with its descendants; a port of this machine; a
 * container by name or id, or as Testcontainers gives it when it has started.
 */
export type LeakTarget =
  | number
  | { readonly pid?: number | undefined }
  | { readonly port: number }
  | { readonly container: string }
  | { getId(): string };

export interface FindLeaksOptions {
  /**
   * Milliseconds that a socket must be held after its end has come, with nothing moving on it, to be called leaked.
   * Default 5,000. An event loop that is blocked for longer than this does hold its sockets for longer than this.
   */
  readonly graceMs?: number;
}

const defaultGraceMs = 5_000;
/** A socket's end() reaches the kernel in the second turn of the event loop after it was called. */
const turns = 3;

/**
 * Finds sockets whose end has come, which the target still holds, and which stayed so for the grace. Returns at once when
 * no socket is suspect, after the grace when one is, and after twice the grace at the latest.
 *
 * Call it when your own ends of the connections are closed: a socket that is open on both sides is no leak. A connection
 * that was reset while the program did not read it is in no socket table any more, and is not found.
 *
 * @throws FINWAIT_SUBJECT_GONE when there is no such process, port or running container; one that ends meanwhile holds
 * nothing. FINWAIT_CAPABILITY_MISSING without `ss`, without the right to read the target's descriptors, or without a
 * Docker engine; FINWAIT_USAGE for what is no target, no option, or no length of time above 0.
 * @example
 * const { leaked } = await findLeaks(serverProcess, { graceMs: 2_000 });
 */
export async function findLeaks(target: LeakTarget, options: FindLeaksOptions = {}): Promise<LeakReport> {
  const graceMs = graceIn(options);
  // What the caller has just done to its own sockets is to be in the kernel when it is asked.
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
  await using source = await openSource(target);
  const { subjectEnded: _, ...report } = await outlive(source, new Tracker(), { graceMs });
  return report;
}

/** What TypeScript would refuse is asked for too: JavaScript calls it as it likes. */
function graceIn(options: unknown): number {
  if (typeof options !== "object" || options === null) {
    throw usage(`The options of findLeaks are an object such as { graceMs: 2_000 }, not ${kindOf(options)}.`);
  }
  const unknown = Object.keys(options).find((key) => key !== "graceMs");
  if (unknown !== undefined) throw usage(`findLeaks has no option "${unknown}"; it has "graceMs", in milliseconds.`);
  return checkedGraceMs(Reflect.get(options, "graceMs") ?? defaultGraceMs, "graceMs");
}

async function openSource(target: LeakTarget): Promise<SocketSource> {
  if (typeof target === "number") return await openProcessSource(target);
  if (typeof target !== "object" || target === null) throw usage(`${kindOf(target)} is nothing to look at. ${targets}`);
  if ("getId" in target && typeof target.getId === "function") return await openContainerSource(target.getId());
  if ("container" in target && typeof target.container === "string" && target.container !== "") {
    return await openContainerSource(target.container);
  }
  if ("port" in target) return await openPortSource(target.port);
  if ("pid" in target) {
    if (target.pid !== undefined) return await openProcessSource(target.pid);
    throw usage(`This is no process that runs: a child process that could not be started has no pid. ${targets}`);
  }
  throw usage(`An object that has none of pid, port, container and getId() is nothing to look at. ${targets}`);
}

const targets =
  "Give a pid, a child process, { port }, { container: name or id } or a started container of Testcontainers.";

function kindOf(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
}

function usage(message: string): FinwaitError {
  return new FinwaitError("FINWAIT_USAGE", message);
}
