import type { CallFact, EndpointName, EventFact, Fact, FaultFact, MeasureFact, StateFact } from "../model/fact.ts";
import { addressText, type SocketAddress } from "../model/socket.ts";
import { type Clock, type MonoNs, monoNs } from "../model/time.ts";
import type { NameOf } from "../observe/capture/join.ts";
import { findSocket } from "../observe/ss/find.ts";
import type { Notice } from "../protocol/messages.ts";
import { DeadlineMissed } from "./deadline.ts";
import type { Host } from "./host.ts";
import type { EndpointIdentity, ProcessIdentity } from "./identity.ts";
import type { Snapshot, Urgency } from "./observers/snapshots.ts";

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
  readonly #parties: Party[] = [];
  readonly #lastState = new Map<string, string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** From now on, this address towards that peer is the endpoint's. */
  meet({ name, host, local, peer }: EndpointIdentity): void {
    this.#parties.push({ name, host: host.name, local, peer, since: this.clock.now() });
  }

  /** Who had this address towards that peer at that time; a listener where no endpoint of its own is known. */
  readonly nameOf: NameOf = (local, peer, at) => {
    const listening = () => this.#parties.findLast((one) => one.peer.port === 0 && one.local.port === local.port);
    return (this.partyAt(local, peer, at) ?? listening())?.name;
  };

  /** The endpoint that had this address towards that peer at that time, and its host. */
  partyAt(local: SocketAddress, peer: SocketAddress, at: MonoNs): Party | undefined {
    return this.#parties.findLast((party) => isAt(party, local, peer) && party.since <= at + slackNs);
  }

  /** Replaces what was told of some kinds: observers that look again know it all anew. */
  retell(kinds: readonly Fact["kind"][], facts: readonly Fact[]): void {
    const others = this.facts.filter((fact) => !kinds.includes(fact.kind));
    this.facts.splice(0, this.facts.length);
    for (const fact of [...others, ...facts]) this.facts.push(fact);
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
  async look(endpoint: EndpointIdentity, label?: string, urgency?: Urgency): Promise<StateFact> {
    const snapshot = await endpoint.host.snapshots.take([servicePort(endpoint)], urgency);
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

/** An endpoint's name for an address, from when it was opened on. */
interface Party {
  readonly name: EndpointName;
  readonly host: string;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  readonly since: MonoNs;
}

/** As far as a capture's clock may be from ours. */
const slackNs = 2_000_000;

function isAt(party: Party, local: SocketAddress, peer: SocketAddress): boolean {
  return (
    party.local.port === local.port &&
    party.peer.port === peer.port &&
    party.local.address === local.address &&
    party.peer.address === peer.address
  );
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
