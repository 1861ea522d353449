import { findLeaks, type LeakTarget } from "../leak/find-leaks.ts";
import { describeLeaks } from "../report/leak/describe-leaks.ts";
import { optionalMs } from "./kernel-watch.ts";
import { type Asked, given, type Outcome, outcome, refuse } from "./outcome.ts";

/** With less than vitest's 5 s for a test, so that a leak is told and no timeout instead. */
export const defaultGraceMs = 3_000;

/**
 * `toLeakNoSockets`: no socket of a process or container outlives the grace although its end has come. Without a suspect
 * there is nothing to wait for. A target that is gone is an error, with and without `.not`: nothing was looked at.
 */
export async function toLeakNoSockets(_asked: Asked, received: unknown, options: unknown = {}): Promise<Outcome> {
  const graceMs = optionalMs(options, "grace") ?? defaultGraceMs;
  const report = await findLeaks(targetIn(received), { graceMs });
  const pass = report.leaked.length === 0;
  return outcome(pass, () => [
    pass ? "Sockets were to leak, but none does." : "No sockets were to leak.",
    describeLeaks(report),
  ]);
}

function targetIn(received: unknown): LeakTarget {
  if (typeof received === "number") return received;
  if (typeof received === "object" && received !== null) {
    if ("getId" in received && typeof received.getId === "function") return received as { getId(): string };
    if ("container" in received && typeof received.container === "string") return { container: received.container };
    if ("port" in received && typeof received.port === "number") return { port: received.port };
    if ("pid" in received) {
      if (typeof received.pid === "number") return { pid: received.pid };
      refuse("The process has no pid: it was never started. Await its 'spawn' event first.");
    }
  }
  return refuse(
    `toLeakNoSockets is asked of a pid, a process, a started container of Testcontainers, { port } or { container }, not of ${given(received)}.`,
  );
}
