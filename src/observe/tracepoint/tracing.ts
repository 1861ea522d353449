import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import type { Readable, Writable } from "node:stream";
import { FinwaitError } from "../../model/errors.ts";
import { type MarkerEvent, parseTraceLine, type TraceEvent } from "./parse.ts";
import { tracingScript } from "./script.ts";

const drainWithinMs = 30_000;
const closeWithinMs = 5_000;

/** Together the processors' buffers hold at most this, on machines of up to 256: about 600,000 events. */
const totalKib = 64 * 1024;
const kibPerProcessor = { least: 256, most: 4096 };

/** An event's time is the kernel's own reading, rounded to microseconds. */
export const traceUncertaintyNs = 500;
/** ftrace's `mono` is read without a lock and may be off by less than a microsecond. */
const clockToleranceNs = 10_000;

/** A listener has no peer yet, and a socket that asks for a connection may have no port yet: both are 0. */
const client = (port: string) => `(${port}==0||(${port}>=10000&&${port}<20000))`;
const server = (port: string) => `(${port}>=20000&&${port}<30000)`;
/** The ports of src/lab/ports.ts, so that the machine's other connections do not fill the buffer. */
const ourPorts = `(${server("sport")}&&${client("dport")})||(${client("sport")}&&${server("dport")})`;
const filteredEvents = [
  "sock/inet_sock_set_state",
  "tcp/tcp_receive_reset",
  "tcp/tcp_retransmit_skb",
  "tcp/tcp_retransmit_synack",
];
/** Its ports are inside a sockaddr, which no filter can look into. */
const unfilteredEvents = ["tcp/tcp_send_reset"];

/**
 * Hears the kernel's TCP tracepoints on the whole machine, namespaces and containers included, on ports of ours. There is
 * no namespace in an event: only addresses and ports tell whose it is. Order by `atNs`; events of two processors may be
 * handed over in the wrong order.
 *
 * @param epoch - a value of `process.hrtime.bigint()`; `atNs` counts from it
 * @throws FINWAIT_CAPABILITY_MISSING where this needs rights, a file system or events that are not there
 */
export async function openTracing(epoch: bigint, onEvent: (event: TraceEvent) => void): Promise<Tracing> {
  try {
    const tracing = new Tracing(startScript(), epoch, onEvent);
    try {
      await tracing.drain();
    } catch (error) {
      await tracing[Symbol.asyncDispose]().catch(() => {});
      throw error;
    }
    return tracing;
  } catch (cause) {
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1);
    const message = `needs root and tracefs for the kernel's tracepoints: ${why}`;
    throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", message, { cause });
  }
}

function scriptArguments(): string[] {
  const kib = Math.floor(totalKib / Math.max(cpus().length, 1));
  const size = Math.min(Math.max(kib, kibPerProcessor.least), kibPerProcessor.most);
  return [
    ...[`finwait-${process.pid}-${randomBytes(4).toString("hex")}`, String(size)],
    ...[ourPorts, filteredEvents.join(" "), unfilteredEvents.join(" ")],
  ];
}

type Script = ChildProcessByStdio<Writable, Readable, Readable>;

function startScript(): Script {
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  const shell = ["sh", "-c", 'eval "$FINWAIT_SCRIPT"', "finwait-tracing"];
  return spawn("unshare", [...namespaces, ...shell, ...scriptArguments()], {
    stdio: ["pipe", "pipe", "pipe"],
    // Its own process group: Ctrl-C reaches the harness alone.
    detached: true,
    env: {
      ...process.env,
      PATH: `${process.env.PATH ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`,
      FINWAIT_SCRIPT: tracingScript,
    },
  });
}

/** A private tracing instance of the kernel's. It goes when it is disposed, and when this process is gone. */
export class Tracing implements AsyncDisposable {
  readonly #script: Script;
  readonly #epoch: bigint;
  readonly #onEvent: (event: TraceEvent) => void;
  readonly #marks = new Map<string, (marker: MarkerEvent) => void>();
  /** Resolves, never rejects, when the script is gone, with words for a message. */
  readonly #over: Promise<string>;
  #stderr = "";
  #rest = "";
  #lost = 0;
  #marksWritten = 0;

  constructor(script: Script, epoch: bigint, onEvent: (event: TraceEvent) => void) {
    this.#script = script;
    this.#epoch = epoch;
    this.#onEvent = onEvent;
    this.#over = howItEnded(script, () => this.#stderr);
    // What is written to a script that has ended is of no interest: its end is told by #over.
    script.stdin.on("error", () => {});
    script.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2_000);
    });
    // One byte, one character: the names of processes need not be UTF-8.
    script.stdout.setEncoding("latin1").on("data", (text: string) => this.#read(text));
  }

  /**
   * Resolves when everything traced before the call has been handed to `onEvent`. `lost` is how many events the kernel's
   * buffers lost since the opening.
   *
   * @throws FINWAIT_DEADLINE_MISSED after 5 s; FINWAIT_COMMAND_FAILED when the tracing has ended
   */
  async drain(): Promise<{ readonly lost: number }> {
    await this.#mark();
    // trace_pipe looks for the earliest event one processor at a time, and can so find the first mark while an event
    // before it has just come to a processor it has already looked at. When the second mark is written, it looks anew.
    await this.#mark();
    return { lost: this.#lost };
  }

  /** Removes the instance. Nothing is handed to `onEvent` any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { stdin, stdout, exitCode, signalCode } = this.#script;
    // What ended by itself has been told to whoever drained.
    if (exitCode !== null || signalCode !== null) return;
    stdout.removeAllListeners("data").resume();
    stdin.destroy();
    const ended = within(closeWithinMs, "the end of the tracing script", this.#over);
    const how = await ended.catch((error: unknown) => {
      this.#script.kill("SIGKILL");
      throw error;
    });
    if (this.#script.exitCode !== 0) throw new FinwaitError("FINWAIT_COMMAND_FAILED", how);
  }

  /** Writes a mark behind everything traced until now and waits until it comes out. */
  async #mark(): Promise<void> {
    const text = `finwait mark ${++this.#marksWritten}`;
    const came = new Promise<MarkerEvent>((resolve) => this.#marks.set(text, resolve));
    const began = this.#now();
    this.#script.stdin.write(`${text}\n`);
    const over = this.#over.then((how) => {
      throw new FinwaitError("FINWAIT_COMMAND_FAILED", how);
    });
    try {
      const { atNs } = await within(drainWithinMs, `"${text}" to come out of trace_pipe`, Promise.race([came, over]));
      const ended = this.#now();
      if (atNs >= began - clockToleranceNs && atNs <= ended + clockToleranceNs) return;
      // A process in a time namespace has a monotonic clock of its own.
      const off = `${atNs} ns is not between ${began} and ${ended} ns`;
      throw new FinwaitError("FINWAIT_COMMAND_FAILED", `the kernel's trace clock is not this process's: ${off}`);
    } finally {
      this.#marks.delete(text);
    }
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.#epoch);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseTraceLine(line, this.#epoch);
      if (event?.kind === "lost") this.#lost += event.events;
      if (event?.kind === "marker") this.#marks.get(event.text)?.(event);
      else if (event) this.#onEvent(event);
    }
  }
}

function howItEnded(script: ChildProcess, stderr: () => string): Promise<string> {
  return new Promise((resolve) => {
    script.once("error", (error) => resolve(`could not start the tracing script: ${error.message}`));
    script.once("close", (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
      resolve(stderr().trim() || `the tracing script ${how}`);
    });
  });
}

async function within<T>(withinMs: number, waitedFor: string, wait: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const message = `Waited ${withinMs} ms for ${waitedFor}.`;
  const timer = setTimeout(() => reject(new FinwaitError("FINWAIT_DEADLINE_MISSED", message)), withinMs);
  try {
    return await Promise.race([wait, late]);
  } finally {
    clearTimeout(timer);
  }
}
