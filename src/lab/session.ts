import type { LosableSegment } from "../fault/segments.ts";
import { FinwaitError } from "../model/errors.ts";
import type { SegmentFact, StateFact } from "../model/fact.ts";
import type { SocketAddress } from "../model/socket.ts";
import type { Answer, Notice } from "../protocol/messages.ts";
import { AgentProcess } from "./agent-process.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Fault, FaultCount, FaultTarget } from "./fault.ts";
import { Faults } from "./faults.ts";
import type { Hold } from "./hold.ts";
import type { Host } from "./host.ts";
import { Listener, type ListenOptions } from "./listener.ts";
import { measureCounter, measureDescriptors, measureSysctl } from "./measures.ts";
import { Members } from "./members.ts";
import { SessionObservers } from "./observers/session-observers.ts";
import { openClient, openListener, type SocketGround } from "./open.ts";
import { type Injection, inject } from "./peer/inject.ts";
import type { PeerListener, PeerListenOptions } from "./peer/listener.ts";
import { openPeer, openPeerListener } from "./peer/open.ts";
import type { Peer } from "./peer/peer.ts";
import type { ConnectOptions, DialOptions, Pair, PeerOptions, SessionGround } from "./session-options.ts";
import { Story } from "./story.ts";

let sessions = 0;

/**
 * One story on the hosts of a lab: sockets on ports of its own, faults that touch only those, and everything observed
 * of them. Several sessions run side by side on the same hosts. Disposing resets its sockets and lifts its faults.
 */
export class Session implements AsyncDisposable {
  readonly hosts: readonly Host[];
  readonly story: Story;
  readonly #members: Members;
  readonly #faults: Faults;
  readonly #observers: SessionObservers;
  readonly #sockets: SocketGround;
  readonly #unsubscribe: (() => void)[];

  constructor({ hosts, ports, clock, observers }: SessionGround) {
    this.hosts = hosts;
    this.story = new Story(clock);
    this.#members = new Members(hosts);
    this.#faults = new Faults(hosts, ports, this.story);
    this.#observers = new SessionObservers(observers, this.story);
    this.#sockets = {
      prefix: `s${++sessions}/`,
      ports,
      story: this.story,
      members: this.#members,
      observers: this.#observers,
    };
    this.#unsubscribe = hosts.map((host) => host.link.onNotice((notice) => this.#take(host, notice)));
  }

  /** Opens a server on a port that no other session has. */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    return await openListener(this.#sockets, options);
  }

  /** Begins a connection and does not wait for it: the SYN may still be unanswered. An address need not have a listener. */
  async attempt(target: Listener | PeerListener | SocketAddress, options: DialOptions = {}): Promise<Endpoint> {
    return await openClient(this.#sockets, target, options);
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
    return await this.#faults.lose(segment, target);
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
    return await this.#faults.hold(target.from);
  }

  /** Starts a process of its own in a host; see AgentProcess. */
  async process(
    options: { readonly name?: string; readonly host?: string; readonly nofile?: number } = {},
  ): Promise<AgentProcess> {
    const { name = this.#members.nameFor("process") } = options;
    const identity = { name, host: this.#members.host(options.host, "last"), id: `${this.#sockets.prefix}${name}` };
    return await AgentProcess.start(identity, this.story, options.nofile);
  }

  /** Reads the kernel's state of every endpoint and listener of this session at once, under a name that questions refer to. */
  async reading(label: string): Promise<readonly StateFact[]> {
    return await Promise.all(this.#members.all().map((subject) => this.story.look(subject, label)));
  }

  /**
   * Opens a client's socket outside of Node, bound to its port and not yet connecting; see Peer.
   * @throws FINWAIT_CAPABILITY_MISSING when the host has no perl.
   */
  async peer(target: Listener | PeerListener | SocketAddress, options: PeerOptions = {}): Promise<Peer> {
    return await openPeer(this.#sockets, target, options);
  }

  /**
   * Opens a listening socket outside of Node.
   * @throws FINWAIT_CAPABILITY_MISSING when the host has no perl, FINWAIT_CALL_FAILED when bind() or listen() fails.
   */
  async peerListen(options: PeerListenOptions = {}): Promise<PeerListener> {
    return await openPeerListener(this.#sockets, options);
  }

  /**
   * Puts one hand-made TCP segment on the wire, as if a socket of that four-tuple had sent it: an old segment that comes
   * late, a blind reset. Resolves when it has left. It needs perl on the host and a raw socket (CAP_NET_RAW).
   * @throws FINWAIT_CAPABILITY_MISSING when the host has no perl.
   */
  async inject(injection: Injection): Promise<void> {
    this.#observers.claim(injection.from.local.port);
    await inject(this.hosts, this.story, injection);
  }

  /** Lets `ms` milliseconds pass because the statement is about that time, never to wait for something. */
  async elapse(ms: number, because: string): Promise<void> {
    this.story.note("", `${ms} ms pass: ${because}`);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Reads a sysctl in a host and records it when it is one number. */
  async sysctl(name: string, options: { readonly host?: string; readonly label?: string } = {}): Promise<string> {
    return await measureSysctl(this.story, this.#members.host(options.host, "first"), name, options.label ?? "default");
  }

  /** Reads a kernel counter by nstat's name and records it under `label`. Counters belong to the whole host. */
  async counter(name: string, label: string, options: { readonly host?: string } = {}): Promise<number> {
    return await measureCounter(this.story, this.#members.host(options.host, "last"), name, label);
  }

  /** Counts the open descriptors of a host's agent and records them under `label`. */
  async descriptors(label: string, options: { readonly host?: string } = {}): Promise<Answer<"descriptors">> {
    return await measureDescriptors(this.story, this.#members.host(options.host, "last"), label);
  }

  /**
   * Every segment of this session's ports that was captured until now, in the order of sending; they are then in the
   * story too.
   * @throws FINWAIT_USAGE in a lab that does not capture.
   */
  async segments(): Promise<readonly SegmentFact[]> {
    if (!this.#observers.capture) {
      throw new FinwaitError("FINWAIT_USAGE", "This lab captures nothing: open it with { capture: true }.");
    }
    await this.observe();
    return this.story.facts.filter((fact) => fact.kind === "segment");
  }

  /** Tells in the story what the lab's observers have seen until now. */
  async observe(): Promise<void> {
    this.#observers.tell(await this.#observers.drain(), await this.#faults.losses());
  }

  /** What was captured of this session on each host, as pcap files: in a lab opened with `keepRecords`. */
  pcapFiles(): ReadonlyMap<string, Uint8Array> {
    return this.#observers.files();
  }

  /** The host of that name. @throws FINWAIT_USAGE naming the hosts there are. */
  host(name: string): Host {
    return this.#members.host(name, "first");
  }

  /**
   * Resets every socket of this session, closes its servers, ends its processes, lifts its faults.
   * @throws FINWAIT_LAB_FAILED when an observer broke, so that the story is not whole.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const told = this.hosts.every((host) => !host.link.ended) ? this.#tellEnd() : Promise.resolve();
    await Promise.allSettled([told]);
    this.#observers.close();
    for (const stop of this.#unsubscribe) stop();
    const live = this.hosts.filter((host) => !host.link.ended);
    const endings = [
      ...this.#faults.lift(),
      ...live.map((host) => host.link.request("release", { prefix: this.#sockets.prefix })),
    ];
    await Promise.allSettled(endings);
    // An observer that broke is told only now: the sockets are gone all the same.
    await told;
  }

  /** The story ends with what has been seen by now: what passes once the faults are lifted is no part of it. */
  async #tellEnd(): Promise<void> {
    const seen = await this.#observers.drain();
    await Promise.all(this.#faults.lift());
    this.#observers.tell(seen, await this.#faults.losses());
  }

  #take(host: Host, notice: Notice): void {
    if (notice.notice === "connection") {
      this.#members.listener(notice.server)?.announce(notice.socket, notice.local, notice.peer);
    } else if (notice.notice === "server") {
      this.#members.listener(notice.server)?.told(notice);
    } else {
      this.story.take(host, notice);
    }
  }
}
