import { FinwaitError } from "../../model/errors.ts";
import { type MonoNs, monoNs } from "../../model/time.ts";
import { PcapDecoder, type PcapRecord } from "../../observe/capture/decoder.ts";
import type { CapturedSegment } from "../../observe/capture/join.ts";
import { Program, type ProgramEnd } from "../agent/program.ts";
import { defaultWithinMs } from "../deadline.ts";
import type { Host } from "../host.ts";
import { quietPorts } from "../ports.ts";
import { Waits } from "../waits.ts";
import type { CaptureClock } from "./capture-clock.ts";

/** A segment as one host's capture saw it pass, by the capture's own clock. */
export type StampedSegment = Pick<CapturedSegment, "host" | "direction" | "segment"> & { readonly wallNs: number };

/** Told of the segments of its ports as they are captured; `bytes` is the record, a view valid during the call. */
export type SegmentSink = (stamped: StampedSegment, bytes: Uint8Array) => void;

/** How a capture fared until now. */
export interface CaptureState {
  readonly at: MonoNs;
  readonly lost: number;
  readonly uncertaintyNs: number;
  readonly driftNs: number;
}

/** The discard service, where nobody listens. */
const markPort = 9;
/** Link layer, IP and TCP with all options, and a few bytes of data: enough to check the sums of small segments. */
const capturedBytes = 192;
const bufferKib = 2048;

const tcpdumpArguments = [
  ...["-i", "any", "--immediate-mode", "-U", "--nano", "-n", "-s", String(capturedBytes), "-B", String(bufferKib)],
  // Thousands of connections that nobody asks about would keep the agent busy with nothing else.
  ...["-w", "-", `(tcp and not portrange ${quietPorts.join("-")}) or (udp and dst port ${markPort})`],
];

/**
 * One tcpdump in one host, for as long as the lab is open. Datagrams of our own, sent next to the sockets, mark the
 * stream: what was captured before one has come when it comes, and its stamps compare tcpdump's wall clock with ours.
 */
export class HostCapture {
  readonly host: Host;
  readonly #sinks = new Map<number, SegmentSink>();
  readonly #waits: Waits;
  /** The mark that is waited for, and when it was first captured. */
  #mark: { readonly text: string; wallNs?: number } | undefined;
  readonly #decoder: PcapDecoder;
  readonly #clock: CaptureClock;
  #program: Program | undefined;
  #stderr = "";
  #failure: unknown;
  #end: ProgramEnd | undefined;
  #marks = 0;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<CaptureState> | undefined;

  private constructor(host: Host, clock: CaptureClock) {
    this.host = host;
    this.#clock = clock;
    this.#waits = new Waits(host.link);
    this.#decoder = new PcapDecoder({
      segment: (segment, record) => {
        const sink = this.#sinks.get(segment.source.port) ?? this.#sinks.get(segment.destination.port);
        sink?.({ wallNs: wallNs(record), host: host.name, direction: record.direction, segment }, record.bytes);
      },
      datagram: (payload, _ports, record) => {
        if (Buffer.from(payload).toString() === this.#mark?.text) this.#mark.wallNs ??= wallNs(record);
      },
    });
  }

  /**
   * Resolves once tcpdump listens and its clock is known.
   * @throws FINWAIT_CAPABILITY_MISSING without tcpdump or the right to capture.
   */
  static async start(host: Host, clock: CaptureClock): Promise<HostCapture> {
    const capture = new HostCapture(host, clock);
    // Once root, tcpdump would become a user of its own, which it has no right to here.
    const user = host.isRoot ? ["-Z", "root"] : [];
    capture.#program = await Program.start(host.link, ["tcpdump", ...user, ...tcpdumpArguments], {
      prefix: "capture/",
      onOutput: (bytes, stream) => capture.#take(bytes, stream),
    });
    void capture.#program.ended.then((end) => {
      capture.#end = end;
      capture.#waits.wake();
    });
    await capture.#until("tcpdump to listen", () => /listening on/.test(capture.#stderr) || undefined);
    for (let round = 0; round < 3; round++) await capture.#passMark();
    return capture;
  }

  /** Whether tcpdump has ended, or what it said could not be read. */
  get isBroken(): boolean {
    return this.#end !== undefined || this.#failure !== undefined;
  }

  /** From now on, segments from or to these ports are this sink's. */
  claim(port: number, sink: SegmentSink): void {
    this.#sinks.set(port, sink);
  }

  /** Undoes `claim`, unless the port is another's by now. */
  release(ports: Iterable<number>, sink: SegmentSink): void {
    for (const port of ports) if (this.#sinks.get(port) === sink) this.#sinks.delete(port);
  }

  /** The first bytes of a pcap file that holds records of this capture. */
  get fileHeader(): Uint8Array | undefined {
    return this.#decoder.header;
  }

  /**
   * Resolves when everything that passed before the call has been told to its sinks, with what the capture lost until
   * now. Whoever asks while one is under way shares the next.
   */
  drain(): Promise<CaptureState> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const drained = this.#drain();
      this.#running = drained.catch(() => {});
      return drained;
    });
    return this.#next;
  }

  async #drain(): Promise<CaptureState> {
    const at = await this.#passMark();
    const before = this.#stderr.length;
    await this.#program?.signal("SIGUSR1");
    const lost = await this.#until("tcpdump to count what it dropped", () => droppedIn(this.#stderr.slice(before)));
    this.#stderr = "";
    const { offset, driftNs } = this.#clock;
    return { at, lost, uncertaintyNs: offset.uncertaintyNs, driftNs };
  }

  /** Sends a mark and waits until it has been captured. */
  async #passMark(): Promise<MonoNs> {
    const mark: { readonly text: string; wallNs?: number } = { text: `finwait ${++this.#marks}` };
    this.#mark = mark;
    const { ok } = await this.host.link.request("mark", { port: markPort, text: mark.text });
    const seen = await this.#until("tcpdump to see a mark", () => mark.wallNs);
    this.#clock.compared({
      ns: seen - (ok.startedAt + ok.endedAt) / 2,
      uncertaintyNs: (ok.endedAt - ok.startedAt) / 2 + this.host.clockUncertaintyNs,
    });
    return monoNs(ok.endedAt);
  }

  #take(bytes: Uint8Array, stream: "stdout" | "stderr"): void {
    if (stream === "stderr") this.#stderr += Buffer.from(bytes).toString();
    else {
      try {
        this.#decoder.push(bytes);
      } catch (error) {
        this.#failure ??= error;
      }
    }
    this.#waits.wake();
  }

  /** Looks again whenever tcpdump says something. @throws FINWAIT_DEADLINE_MISSED, or why tcpdump is gone. */
  #until<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.#waits.until({
      waitingFor: `${what} on host "${this.host.name}"`,
      look: () => {
        if (this.#failure !== undefined) throw this.#failure;
        const found = look();
        if (found === undefined && this.#end !== undefined) throw this.#ended(this.#end);
        return found;
      },
      withinMs: defaultWithinMs,
      lastSeen: () => this.#stderr.trim() || "nothing",
    });
  }

  #ended({ exitCode, signal }: ProgramEnd): FinwaitError {
    const words = this.#stderr.trim();
    const isDenied = /permission|not permitted|denied/i.test(words);
    return new FinwaitError(
      isDenied ? "FINWAIT_CAPABILITY_MISSING" : "FINWAIT_LAB_FAILED",
      `tcpdump on host "${this.host.name}" ended with ${exitCode ?? signal}: ${words || "it wrote nothing to stderr"}`,
    );
  }
}

function wallNs({ wallUs }: PcapRecord): number {
  return wallUs * 1000;
}

function droppedIn(text: string): number | undefined {
  const count = /(\d+) packets? dropped by kernel/.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}
