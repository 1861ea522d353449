import type { LosableSegment } from "../fault/segments.ts";
import { FinwaitError } from "../model/errors.ts";
import type { StateFact } from "../model/fact.ts";
import type { SocketAddress } from "../model/socket.ts";
import type { Clock } from "../model/time.ts";
import type { Answer, Notice } from "../protocol/messages.ts";
import { AgentProcess } from "./agent-process.ts";
import { defined } from "./defined.ts";
import { Endpoint } from "./endpoint.ts";
import { Fault, type FaultCount, type FaultTarget } from "./fault.ts";
import { Hold } from "./hold.ts";
import type { Host } from "./host.ts";
import { type Family, Listener, type ListenOptions } from "./listener.ts";
import { measureCounter, measureDescriptors, measureSysctl } from "./measures.ts";
import type { Ports } from "./ports.ts";
import { Story } from "./story.ts";

/** How a client is opened; the names are Node's. */
export interface DialOptions {
  readonly name?: string;
  readonly host?: string;
  readonly process?: AgentProcess;
  /** Which of a wildcard listener's addresses to connect to. Default 4. */
  readonly family?: Family;
  readonly allowHalfOpen?: boolean;
  /** As a server's: pause() before connecting, so that nothing is read ahead. */
  readonly pauseOnConnect?: boolean;
  readonly reading?: "flow" | "none";
}

/** How both ends of a connection are opened. */
export interface ConnectOptions {
  readonly client?: DialOptions;
  /** Options for a new listener, or one that is open already. */
  readonly server?: ListenOptions | Listener;
}

/** Both ends of one connection, and the server that took it. */
export interface Pair {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly listener: Listener;
}

/** What a session shares with the others on the same hosts. */
export interface SessionGround {
  readonly hosts: readonly Host[];
  readonly ports: Ports;
  readonly clock: Clock;
}

let sessions = 0;

/**
 * One story on the hosts of a lab: sockets on ports of its own, faults that touch only those, and everything observed
 * of them. Several sessions run side by side on the same hosts. Disposing resets its sockets and lifts its faults.
 */
export class Session implements AsyncDisposable {
  readonly hosts: readonly Host[];
  readonly story: Story;
  readonly #ground: SessionGround;
  readonly #id = `s${++sessions}`;
  readonly #listeners = new Map<string, Listener>();
  readonly #endpoints: Endpoint[] = [];
  readonly #faults: (Fault | Hold)[] = [];
  readonly #unsubscribe: (() => void)[];
  #names = 0;

  constructor(ground: SessionGround) {
    this.#ground = ground;
    this.hosts = ground.hosts;
    this.story = new Story(ground.clock);
    this.#unsubscribe = ground.hosts.map((host) => host.link.onNotice((notice) => this.#take(host, notice)));
  }

  /** Opens a server on a port that no other session has. */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    const host = options.process?.host ?? this.#host(options.host, "last");
    const { name = this.#name("listener"), process, bind = "v4" } = options;
    const port = this.#ground.ports.next("server");
    const address = bind === "v4" || bind === "v6" ? host.addresses[bind] : bind;
    const id = `${this.#id}/${name}`;
    const identity = { name, host, process, id, local: { address, port }, peer: { address: "*", port: 0 } };
    const listener = new Listener(identity, this.story);
    this.#listeners.set(id, listener);
    const { backlog, allowHalfOpen, pauseOnConnect, reading } = options;
    await host.link.request(
      "listen",
      { server: id, address, port, ...defined({ backlog, allowHalfOpen, pauseOnConnect, reading }) },
      { process: process?.id },
    );
    return listener;
  }

  /** Begins a connection and does not wait for it: the SYN may still be unanswered. An address need not have a listener. */
  async attempt(target: Listener | SocketAddress, options: DialOptions = {}): Promise<Endpoint> {
    const { name = this.#name("client"), process } = options;
    const host = process?.host ?? this.#host(options.host, "first");
    const peer = target instanceof Listener ? target.addressFor(options.family) : target;
    const family = peer.address.includes(":") ? "v6" : "v4";
    const local = { address: host.addresses[family], port: this.#ground.ports.next("client") };
    const socket = `${this.#id}/${name}`;
    const client = new Endpoint({ name, host, process, local, peer }, this.story, socket);
    this.story.adopt(client, socket);
    this.#endpoints.push(client);
    // The server's end is known from now on, so that none of its events is missed.
    if (target instanceof Listener) this.#endpoints.push(target.endOf(client));
    const { allowHalfOpen, pauseOnConnect, reading } = options;
    const { startedAt } = await host.link.request(
      "connect",
      {
        socket,
        address: peer.address,
        port: peer.port,
        localPort: local.port,
        ...defined({ allowHalfOpen, pauseOnConnect, reading }),
      },
      { process: process?.id },
    );
    this.story.call(client, "connect()", startedAt);
    return client;
  }

  /** Opens a connection and resolves when the client's runtime says 'connect'; FINWAIT_CONNECT_FAILED when it cannot. */
  async dial(listener: Listener, options: DialOptions = {}): Promise<Endpoint> {
    const client = await this.attempt(listener, options);
    const { event, detail } = await client.saw(["connect", "error"]);
    if (event === "error") {
      throw new FinwaitError(
        "FINWAIT_CONNECT_FAILED",
        `${client.name} could not connect to ${listener.name}: ${detail.message}`,
      );
    }
    return client;
  }

  /** Opens a connected pair: both runtimes have it. */
  async connect(options: ConnectOptions = {}): Promise<Pair> {
    const listener = options.server instanceof Listener ? options.server : await this.listen(options.server);
    const client = await this.dial(listener, options.client);
    const server = listener.endOf(client);
    await server.accepted();
    return { client, server, listener };
  }

  /**
   * Loses segments on their way: at the ingress of the host that would receive them, `times` of them or until lifted.
   * A fault that caught nothing makes its case inconclusive.
   */
  async lose(segment: LosableSegment, target: FaultTarget & FaultCount): Promise<Fault> {
    const fault = await Fault.apply({
      segment,
      target,
      number: this.#ground.ports.next("fault"),
      hosts: this.hosts,
      story: this.story,
    });
    this.#faults.push(fault);
    return fault;
  }

  /** Cuts the link under a connection: nothing arrives any more, in either direction, until lifted. */
  async cut(endpoint: Endpoint): Promise<Fault> {
    return await this.lose("everything", { between: endpoint });
  }

  /**
   * Holds everything that an endpoint's host sends to its peer's host, below TCP, until released. It concerns the hosts,
   * so it wants a lab of its own, and a connection that is open already.
   */
  async hold(target: { readonly from: Endpoint }): Promise<Hold> {
    const hold = await Hold.apply(target.from, this.#ground.ports.next("fault"), this.story);
    this.#faults.push(hold);
    return hold;
  }

  /** Starts a process of its own in a host; see AgentProcess. */
  async process(
    options: { readonly name?: string; readonly host?: string; readonly nofile?: number } = {},
  ): Promise<AgentProcess> {
    const { name = this.#name("process") } = options;
    const identity = { name, host: this.#host(options.host, "last"), id: `${this.#id}/${name}` };
    return await AgentProcess.start(identity, this.story, options.nofile);
  }

  /** Reads the kernel's state of every endpoint and listener of this session at once, under a name that questions refer to. */
  async reading(label: string): Promise<readonly StateFact[]> {
    const subjects = [...this.#listeners.values(), ...this.#endpoints];
    return await Promise.all(subjects.map((subject) => this.story.look(subject, label)));
  }

  /** Lets `ms` milliseconds pass because the statement is about that time, never to wait for something. */
  async elapse(ms: number, because: string): Promise<void> {
    this.story.note("", `${ms} ms pass: ${because}`);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Reads a sysctl in a host and records it when it is one number. */
  async sysctl(name: string, options: { readonly host?: string; readonly label?: string } = {}): Promise<string> {
    return await measureSysctl(this.story, this.#host(options.host, "first"), name, options.label ?? "default");
  }

  /** Reads a kernel counter by nstat's name and records it under `label`. Counters belong to the whole host. */
  async counter(name: string, label: string, options: { readonly host?: string } = {}): Promise<number> {
    return await measureCounter(this.story, this.#host(options.host, "last"), name, label);
  }

  /** Counts the open descriptors of a host's agent and records them under `label`. */
  async descriptors(label: string, options: { readonly host?: string } = {}): Promise<Answer<"descriptors">> {
    return await measureDescriptors(this.story, this.#host(options.host, "last"), label);
  }

  /** The host of that name. @throws FINWAIT_USAGE naming the hosts there are. */
  host(name: string): Host {
    return this.#host(name, "first");
  }

  /** Resets every socket of this session, closes its servers, ends its processes, lifts its faults. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#unsubscribe) stop();
    const live = this.hosts.filter((host) => !host.link.ended);
    const endings = [
      ...this.#faults.map((fault) => fault[Symbol.asyncDispose]()),
      ...live.map((host) => host.link.request("release", { prefix: `${this.#id}/` })),
    ];
    await Promise.allSettled(endings);
  }

  #take(host: Host, notice: Notice): void {
    if (notice.notice === "connection") {
      this.#listeners.get(notice.server)?.announce(notice.socket, notice.local, notice.peer);
    } else if (notice.notice === "server") {
      this.#listeners.get(notice.server)?.told(notice);
    } else {
      this.story.take(host, notice);
    }
  }

  #host(name: string | undefined, otherwise: "first" | "last"): Host {
    const host =
      name === undefined ? this.hosts.at(otherwise === "first" ? 0 : -1) : this.hosts.find((h) => h.name === name);
    if (host !== undefined) return host;
    const names = this.hosts.map((h) => `"${h.name}"`).join(", ");
    throw new FinwaitError("FINWAIT_USAGE", `This lab has no host "${name}"; its hosts are ${names}.`);
  }

  #name(kind: string): string {
    const taken = (name: string) =>
      this.#endpoints.some((endpoint) => endpoint.name === name) || this.#listeners.has(`${this.#id}/${name}`);
    if (kind === "process") return `process-${++this.#names}`;
    for (let number = 1; ; number++) {
      const name = number === 1 ? kind : `${kind}-${number}`;
      if (!taken(name)) return name;
    }
  }
}
