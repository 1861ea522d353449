import type { Fact, ObserverFact } from "../../model/fact.ts";
import { monoNs } from "../../model/time.ts";
import { type CapturedSegment, joinSegments, type LossRecord } from "../../observe/capture/join.ts";
import type { Story } from "../story.ts";
import type { HostCapture, SegmentSink, StampedSegment } from "./capture.ts";
import type { CaptureClock } from "./capture-clock.ts";
import type { TracedEvent, Tracepoints } from "./tracepoints.ts";

/** What watches a lab besides ss. */
export interface LabObservers {
  /** One a host where the lab captures; empty where it does not. */
  readonly captures: readonly HostCapture[];
  readonly captureClock: CaptureClock;
  readonly keepsRecords: boolean;
  readonly tracepoints?: Tracepoints;
}

/** What was seen of a session until the observers were drained. */
export interface Seen {
  readonly captured: readonly StampedSegment[];
  readonly traced: readonly TracedEvent[];
  readonly observers: readonly ObserverFact[];
}

/** One session's share of what the observers of its lab see: the segments and transitions of its ports. */
export class SessionObservers {
  readonly #observers: LabObservers;
  readonly #story: Story;
  readonly #ports = new Set<number>();
  readonly #captured: StampedSegment[] = [];
  readonly #traced: TracedEvent[] = [];
  readonly #records = new Map<string, Uint8Array[]>();

  constructor(observers: LabObservers, story: Story) {
    this.#observers = observers;
    this.#story = story;
  }

  readonly #onSegment: SegmentSink = (captured, bytes) => {
    this.#captured.push(captured);
    if (!this.#observers.keepsRecords) return;
    const records = this.#records.get(captured.host) ?? [];
    if (records.length === 0) this.#records.set(captured.host, records);
    records.push(bytes.slice());
  };

  readonly #onTraced = (event: TracedEvent): void => {
    this.#traced.push(event);
  };

  /** Whether segments are captured. */
  get capture(): boolean {
    return this.#observers.captures.length > 0;
  }

  /** What is seen of this port is this session's from now on. */
  claim(port: number): void {
    this.#ports.add(port);
    for (const capture of this.#observers.captures) capture.claim(port, this.#onSegment);
    this.#observers.tracepoints?.claim(port, this.#onTraced);
  }

  /** Waits for everything that passed until now. */
  async drain(): Promise<Seen> {
    const [captures, tracepoints] = await Promise.all([this.#drainCaptures(), this.#drainTracepoints()]);
    return { captured: [...this.#captured], traced: [...this.#traced], observers: [...captures, ...tracepoints] };
  }

  /** Tells in the story what was seen, anew: what was told of it before is replaced. */
  tell({ captured, traced, observers }: Seen, losses: readonly LossRecord[]): void {
    this.#story.retell(
      ["segment", "transition", "kernel", "observer"],
      [
        ...joinSegments(this.#onOurClock(captured), losses, this.#story.nameOf),
        ...traced.flatMap((event) => this.#factOf(event)),
        ...observers,
      ],
    );
  }

  /** All by one comparison of clocks, or what left one host could come in at another before. */
  #onOurClock(captured: readonly StampedSegment[]): readonly CapturedSegment[] {
    const { ns, uncertaintyNs } = this.#observers.captureClock.offset;
    return captured.map(({ wallNs, ...passed }) => ({ ...passed, at: monoNs(wallNs - ns), uncertaintyNs }));
  }

  async #drainCaptures(): Promise<readonly ObserverFact[]> {
    return await Promise.all(
      this.#observers.captures.map(async (capture) => ({
        kind: "observer" as const,
        observer: "capture" as const,
        host: capture.host.name,
        ...(await capture.drain()),
      })),
    );
  }

  async #drainTracepoints(): Promise<readonly ObserverFact[]> {
    const { tracepoints } = this.#observers;
    if (tracepoints === undefined) return [];
    const { lost, uncertaintyNs } = await tracepoints.drain();
    const at = this.#story.clock.now();
    return [{ kind: "observer", observer: "tracepoint", host: "", at, lost, uncertaintyNs, driftNs: 0 }];
  }

  /** Addresses decide: another process's lab may use the same ports. */
  #factOf({ at, uncertaintyNs, event }: TracedEvent): readonly Fact[] {
    const party = this.#story.partyAt(event.local, event.peer, at);
    if (party === undefined) return [];
    const common = { at, host: party.host, endpoint: party.name, uncertaintyNs };
    return event.kind === "transition"
      ? [{ kind: "transition", ...common, from: event.from, to: event.to }]
      : [{ kind: "kernel", ...common, event: event.kind }];
  }

  /** Each host's records as a pcap file, where there are any and they were kept. */
  files(): ReadonlyMap<string, Uint8Array> {
    return new Map(
      this.#observers.captures.flatMap(({ host, fileHeader = new Uint8Array() }) => {
        const records = this.#records.get(host.name);
        return records === undefined ? [] : [[host.name, Buffer.concat([fileHeader, ...records])] as const];
      }),
    );
  }

  /** Its ports are free for others. */
  close(): void {
    for (const capture of this.#observers.captures) capture.release(this.#ports, this.#onSegment);
    this.#observers.tracepoints?.release(this.#ports, this.#onTraced);
  }
}
