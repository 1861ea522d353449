import { readFile } from "node:fs/promises";
import { FinwaitError } from "../../model/errors.ts";
import { type MonoNs, monoNs } from "../../model/time.ts";
import type { SegmentEvent, TransitionEvent } from "../../observe/tracepoint/parse.ts";
import { openTracing, type Tracing, traceUncertaintyNs } from "../../observe/tracepoint/tracing.ts";
import type { Capability } from "../driver/driver.ts";
import type { Host } from "../host.ts";

/** What the kernel told of a socket, on the lab's clock. */
export interface TracedEvent {
  readonly at: MonoNs;
  readonly uncertaintyNs: number;
  readonly event: TransitionEvent | SegmentEvent;
}

export type TraceSink = (traced: TracedEvent) => void;

/** One lab's use of the kernel's tracepoints, of which the whole process has one instance. */
export interface Tracepoints extends AsyncDisposable {
  claim(port: number, sink: TraceSink): void;
  release(ports: Iterable<number>, sink: TraceSink): void;
  /** Resolves when everything traced before the call has been told, with how many events the kernel's buffers lost. */
  drain(): Promise<{ readonly lost: number; readonly uncertaintyNs: number }>;
}

interface Shared {
  readonly epoch: bigint;
  readonly tracing: Promise<Tracing>;
  readonly sinks: Map<number, { readonly sink: TraceSink; readonly sinceNs: number }>;
  users: number;
}

let shared: Shared | undefined;

/**
 * The tracepoints for a lab whose clock counts from `epoch`. The instance is opened with the first lab that asks, and
 * removed with the last.
 * @throws FINWAIT_CAPABILITY_MISSING without root or tracefs, and for hosts that run on another kernel.
 */
export async function openTracepoints(epoch: bigint, host: Host): Promise<Tracepoints> {
  await requireSameKernel(host);
  shared ??= open();
  const used = shared;
  used.users += 1;
  const close = async () => {
    used.users -= 1;
    if (used.users > 0 || shared !== used) return;
    shared = undefined;
    await (await used.tracing)[Symbol.asyncDispose]();
  };
  try {
    const tracing = await used.tracing;
    const sinceNs = Number(epoch - used.epoch);
    return {
      claim: (port, sink) => used.sinks.set(port, { sink, sinceNs }),
      release: (ports, sink) => {
        for (const port of ports) if (used.sinks.get(port)?.sink === sink) used.sinks.delete(port);
      },
      drain: async () => ({ ...(await tracing.drain()), uncertaintyNs: traceUncertaintyNs }),
      [Symbol.asyncDispose]: once(close),
    };
  } catch (error) {
    // The next lab may find the machine changed.
    if (shared === used) shared = undefined;
    throw error;
  }
}

/** Whether the kernel's tracepoints are to be had here, found out by trying. */
export async function examineTracepoints(): Promise<Capability> {
  const common = { name: "tracepoints", required: false };
  try {
    await using tracing = await openTracing(process.hrtime.bigint(), () => {});
    await tracing.drain();
    return { ...common, present: true, detail: "every state transition as the kernel makes it" };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ...common, present: false, detail };
  }
}

function open(): Shared {
  const epoch = process.hrtime.bigint();
  const sinks: Shared["sinks"] = new Map();
  const tracing = openTracing(epoch, (event) => {
    if (event.kind === "marker" || event.kind === "lost") return;
    const claimed = sinks.get(event.local.port) ?? sinks.get(event.peer.port);
    claimed?.sink({ at: monoNs(event.atNs - claimed.sinceNs), uncertaintyNs: traceUncertaintyNs, event });
  });
  // Whoever opened it is told; until then it must not end the process.
  tracing.catch(() => {});
  return { epoch, tracing, sinks, users: 0 };
}

/** A remote engine's hosts run on a kernel whose tracepoints are not to be had here. */
async function requireSameKernel(host: Host): Promise<void> {
  const file = "/proc/sys/kernel/random/boot_id";
  const [here, there] = await Promise.all([readFile(file, "utf8").catch(() => ""), host.run("cat", [file])]);
  if (here.trim() === there.trim()) return;
  throw new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `needs the kernel's tracepoints, and host "${host.name}" runs on another machine's kernel`,
  );
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}
