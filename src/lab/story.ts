import type { CallFact, EventFact, Fact, FaultFact, MeasureFact, StateFact } from "../model/fact.ts";
import { addressText } from "../model/socket.ts";
import { type Clock, type MonoNs, monoNs } from "../model/time.ts";
import { findSocket } from "../observe/ss/find.ts";
import type { Notice } from "../protocol/messages.ts";
import { DeadlineMissed } from "./deadline.ts";
import type { Host } from "./host.ts";
import type { EndpointIdentity, ProcessIdentity } from "./identity.ts";
import type { Snapshot } from "./snapshots.ts";

interface Hearer {
  readonly name: string;
  readonly host: Host;
  readonly process: ProcessIdentity | undefined;
  readonly heard: (fact: EventFact) => void;
}

/** Everything recorded of one session, in the order in which it became known. */
export class Story {
  readonly facts: Fact[] = [];
  readonly clock: Clock;
  readonly #hearers = new Map<string, Hearer>();
  readonly #lastState = new Map<string, string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** From now on, events of the agent's socket of that name are this endpoint's. */
  adopt(endpoint: Hearer, socket: string): void {
    this.#hearers.set(key(endpoint.host.name, endpoint.process?.id, socket), endpoint);
  }

  /** Takes an agent's notice; others' sockets are ignored. */
  take(host: Host, notice: Notice): void {
    if (notice.notice !== "socket") return;
    const endpoint = this.#hearers.get(key(host.name, notice.process, notice.socket));
    if (endpoint === undefined) return;
    const { name: event, ...detail } = notice.event;
    const fact: EventFact = {
      kind: "event",
      at: monoNs(notice.at),
      host: host.name,
      endpoint: endpoint.name,
      event,
      detail: flat(detail),
    };
    this.facts.push(fact);
    endpoint.heard(fact);
  }

  call(endpoint: EndpointIdentity, call: string, at?: number, error?: NonNullable<CallFact["error"]>): void {
    this.facts.push({
      kind: "call",
      at: at === undefined ? this.clock.now() : monoNs(at),
      host: endpoint.host.name,
      endpoint: endpoint.name,
      call,
      ...(error === undefined ? {} : { error }),
    });
  }

  /** Reads the endpoint's kernel state and records it when it changed, or when it has a label. */
  async look(endpoint: EndpointIdentity, label?: string): Promise<StateFact> {
    const snapshot = await endpoint.host.snapshots.take([servicePort(endpoint)]);
    return this.see(endpoint, snapshot, label);
  }

  /** Records what a snapshot says of an endpoint. */
  see(endpoint: EndpointIdentity, snapshot: Snapshot, label?: string): StateFact {
    const isListener = endpoint.peer.port === 0;
    const row = isListener
      ? snapshot.rows.find(({ state, local }) => state === "LISTEN" && local.port === endpoint.local.port)
      : findSocket(snapshot.rows, endpoint);
    const fact: StateFact = {
      kind: "state",
      at: snapshot.at,
      host: endpoint.host.name,
      endpoint: endpoint.name,
      state: row?.state ?? "CLOSED",
      uncertaintyNs: snapshot.uncertaintyNs,
      ...(row === undefined ? {} : { row }),
      ...(label === undefined ? {} : { label }),
    };
    const last = `${fact.state} ${row?.cookie ?? ""}`;
    if (label !== undefined || this.#lastState.get(endpoint.name) !== last) this.facts.push(fact);
    this.#lastState.set(endpoint.name, last);
    return fact;
  }

  /** A fault at work from now on, or ended with what it caught. */
  fault(fault: Omit<FaultFact, "kind" | "at">): void {
    this.facts.push({ kind: "fault", at: this.clock.now(), ...fault });
  }

  measure(
    host: string,
    measure: Pick<MeasureFact, "name" | "label" | "value" | "unit">,
    at: MonoNs = this.clock.now(),
  ): void {
    this.facts.push({ kind: "measure", at, host, ...measure });
  }

  note(host: string, text: string, at: MonoNs = this.clock.now()): void {
    this.facts.push({ kind: "note", at, host, text });
  }

  /** Passes a wait through; when its deadline was missed, that becomes part of the story. */
  async noteMiss<T>(wait: Promise<T>): Promise<T> {
    try {
      return await wait;
    } catch (error) {
      if (error instanceof DeadlineMissed) {
        const { waitedFor, lastSeen, withinMs } = error;
        this.facts.push({ kind: "missed", at: this.clock.now(), host: "", waitedFor, lastSeen, withinMs });
      }
      throw error;
    }
  }
}

/** The listener's port: the higher one, by the ranges of Ports. It selects a session's rows however many clients it has. */
function servicePort({ local, peer }: EndpointIdentity): number {
  return Math.max(local.port, peer.port);
}

function key(host: string, process: string | undefined, socket: string): string {
  return `${host} ${process ?? ""} ${socket}`;
}

function flat(detail: object): EventFact["detail"] {
  const entries = Object.entries(detail).map(([name, value]): [string, string | number | boolean] => [
    name,
    typeof value === "number" || typeof value === "boolean"
      ? value
      : typeof value === "string"
        ? value
        : addressText(value),
  ]);
  return Object.fromEntries(entries);
}
