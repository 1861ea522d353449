import { FinwaitError } from "../model/errors.ts";
import type { EventFact, StateFact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import type { Parameters, SocketCall, SocketEvent, SocketInspection } from "../protocol/messages.ts";
import { CallRefused } from "./agent/link.ts";
import type { AgentProcess } from "./agent-process.ts";
import { defaultWithinMs, poll, type Within } from "./deadline.ts";
import { Heard } from "./heard.ts";
import type { EndpointIdentity } from "./identity.ts";
import { KernelSocket } from "./kernel-socket.ts";
import { whileStaying } from "./kernel-waits.ts";
import type { Story } from "./story.ts";

/**
 * The handle, on our side, of one real socket in a host. Calls are named as Node's; they resolve when the runtime has
 * made them, not when the kernel has acted. A server's endpoint exists before its process has accepted it: the kernel's
 * states can be read then, calls wait for the acceptance.
 */
export class Endpoint extends KernelSocket {
  readonly #heard: Heard;
  #socket: string | undefined;

  constructor(identity: EndpointIdentity, story: Story, socket?: string) {
    super(identity, story);
    this.#heard = new Heard(identity.host.link, story);
    this.#socket = socket;
  }

  /** Writes `bytes` bytes of a known pattern. Resolves with what `write()` returned: false once it queues in user memory. */
  async write(bytes: number): Promise<boolean> {
    return (await this.#call("write", { bytes }, `write(${bytes} bytes)`)).flowing;
  }

  /** Writes a text as it is, where the peer wants words: an HTTP request. */
  async say(text: string): Promise<void> {
    await this.#call("say", { text }, `write(${JSON.stringify(text)})`);
  }

  /** `socket.end()`: sends a FIN after everything written, optionally writing `bytes` first. */
  async end(bytes?: number): Promise<void> {
    await this.#call(
      "end",
      bytes === undefined ? {} : { bytes },
      bytes === undefined ? "end()" : `end(${bytes} bytes)`,
    );
  }

  async destroy(): Promise<void> {
    await this.#call("destroy", {}, "destroy()");
  }

  async destroySoon(): Promise<void> {
    await this.#call("destroySoon", {}, "destroySoon()");
  }

  async resetAndDestroy(): Promise<void> {
    await this.#call("resetAndDestroy", {}, "resetAndDestroy()");
  }

  async pause(): Promise<void> {
    await this.#call("pause", {}, "pause()");
  }

  async resume(): Promise<void> {
    await this.#call("resume", {}, "resume()");
  }

  /** Begins to read a socket that was opened with `reading: "none"`. */
  async read(): Promise<void> {
    await this.#call("read", {}, "on('data')");
  }

  async setKeepAlive(enable: boolean, initialDelayMs?: number): Promise<void> {
    const delay = initialDelayMs === undefined ? {} : { initialDelayMs };
    await this.#call(
      "setKeepAlive",
      { enable, ...delay },
      `setKeepAlive(${[enable, initialDelayMs ?? []].flat().join(", ")})`,
    );
  }

  async setNoDelay(enable: boolean): Promise<void> {
    await this.#call("setNoDelay", { enable }, `setNoDelay(${enable})`);
  }

  async setTimeout(ms: number): Promise<void> {
    await this.#call("setTimeout", { ms }, `setTimeout(${ms})`);
  }

  /** What the runtime believes of the socket: readyState, bytes, buffers. */
  inspect(): Promise<SocketInspection> {
    return this.#call("inspect", {}, undefined);
  }

  /**
   * Hands the socket to a child process of the same host. With `keepOpen` both processes then refer to the one kernel
   * socket. Resolves with the child's endpoint, named after it.
   */
  async give(process: AgentProcess, options: { keepOpen: boolean }): Promise<Endpoint> {
    const socket = await this.#accepted();
    const name = `${this.name}@${process.name}`;
    const child = new Endpoint(
      { name, host: this.host, process, local: this.local, peer: this.peer },
      this.story,
      socket,
    );
    this.story.adopt(child, socket);
    await this.#call(
      "give",
      { child: process.id, keepOpen: options.keepOpen },
      `send to ${process.name}, keepOpen: ${options.keepOpen}`,
    );
    return child;
  }

  /**
   * Reads the state again and again for `for` milliseconds and resolves with the last reading.
   * @throws FINWAIT_DEADLINE_MISSED as soon as another state is seen.
   */
  async stays(state: TcpState, options: { for: number }): Promise<StateFact> {
    return await whileStaying(this.story, this, state, options.for);
  }

  /** Resolves once the endpoint has sent its oldest unanswered segment again, `times` times or more, by the kernel's timer. */
  async resends(times = 1, within: Within = {}): Promise<StateFact> {
    const isResent = ({ row }: StateFact) => (row?.timer?.retransmits ?? 0) >= times;
    return await this.shows(`a segment sent again, ${times} times`, isResent, within);
  }

  /** Resolves once `bytes` bytes or more lie unread in the kernel: its Recv-Q, which counts an unread FIN as one. */
  async hasUnread(bytes: number, within: Within = {}): Promise<StateFact> {
    return await this.shows(`${bytes} bytes unread`, ({ row }) => (row?.recvQ ?? 0) >= bytes, within);
  }

  /**
   * Resolves once `bytes` bytes or more lie in the runtime's own buffer, read from the kernel and not by the program.
   * Recorded under `label` as "bytes read ahead".
   */
  async hasReadAhead(bytes: number, label: string, { within = defaultWithinMs }: Within = {}): Promise<number> {
    const value = await this.story.noteMiss(
      poll({
        waitingFor: `${this.name}'s runtime to read ${bytes} bytes ahead`,
        withinMs: within,
        look: async () => {
          const { readableLength } = await this.inspect();
          return { seen: `${readableLength} bytes`, ...(readableLength >= bytes ? { done: readableLength } : {}) };
        },
      }),
    );
    this.story.measure(this.host.name, { name: "bytes read ahead", label, value, unit: "bytes" });
    return value;
  }

  /** Resolves once this runtime has been handed `bytes` bytes in all. */
  async received(bytes: number, { within = defaultWithinMs }: Within = {}): Promise<EventFact> {
    const enough = (fact: EventFact) => Number(fact.detail.total ?? -1) >= bytes && fact.event !== "written";
    return await this.#until(`${this.name} to receive ${bytes} bytes`, enough, within);
  }

  /** Resolves with the first such event, or the first of several, at once when it has come already. Names are Node's. */
  async saw(
    event: SocketEvent["name"] | readonly SocketEvent["name"][],
    { within = defaultWithinMs }: Within = {},
  ): Promise<EventFact> {
    const wanted: readonly string[] = typeof event === "string" ? [event] : event;
    return await this.#until(
      `'${wanted.join("' or '")}' on ${this.name}`,
      (fact) => wanted.includes(fact.event),
      within,
    );
  }

  /**
   * Resolves after `for` milliseconds without any event on this socket.
   * @throws FINWAIT_NOT_SILENT as soon as one comes, naming it.
   */
  async staysSilent(options: { for: number }): Promise<void> {
    await this.#heard.silence(this.name, options.for);
  }

  /** Everything the runtime reported of this socket so far, in order. */
  get events(): readonly EventFact[] {
    return this.#heard.events;
  }

  /** The runtime has taken the connection from the accept queue. */
  async accepted({ within = defaultWithinMs }: Within = {}): Promise<void> {
    await this.#accepted(within);
  }

  /** Called by the session when the agent announces the accepted socket. */
  attach(socket: string): void {
    this.#socket = socket;
    this.#heard.wake();
  }

  /** Called by the session for every event of this socket. */
  heard(fact: EventFact): void {
    this.#heard.add(fact);
  }

  async #call<C extends Exclude<SocketCall, "connect">>(
    call: C,
    extra: Omit<Parameters<C>, "socket">,
    shown: string | undefined,
  ) {
    const socket = await this.#accepted();
    const parameters = { socket, ...extra } as Parameters<C>;
    try {
      const answered = await this.host.link.request(call, parameters, { process: this.process?.id });
      if (shown !== undefined) this.story.call(this, shown, answered.startedAt);
      return answered.ok;
    } catch (cause) {
      if (!(cause instanceof CallRefused)) throw cause;
      this.story.call(this, shown ?? call, undefined, cause.refusal);
      throw new FinwaitError(
        "FINWAIT_CALL_FAILED",
        `${call} on ${this.name} failed with ${cause.refusal.code}: ${cause.refusal.message}`,
        { cause },
      );
    }
  }

  async #accepted(withinMs = defaultWithinMs): Promise<string> {
    return await this.#heard.until(`${this.host.name} to accept ${this.name}`, () => this.#socket, withinMs);
  }

  #until(waitingFor: string, wanted: (fact: EventFact) => boolean, withinMs: number): Promise<EventFact> {
    return this.#heard.until(waitingFor, () => this.#heard.events.find(wanted), withinMs);
  }
}
