import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createLineDecoder, encodeLine, parseFromAgent } from "../../../src/protocol/codec.ts";
import type { Answer, CallName, Notice, Parameters, Reply, SocketEvent } from "../../../src/protocol/messages.ts";
import type { Runtime } from "./runtimes.ts";

/** The built agent; FINWAIT_AGENT names one that was built elsewhere. */
export const agentFile =
  process.env.FINWAIT_AGENT ?? fileURLToPath(new URL("../../../dist/agent.mjs", import.meta.url));

const withinMs = 10_000;

type NoticeOf<N extends Notice["notice"]> = Extract<Notice, { notice: N }>;
type EventOf<E extends SocketEvent["name"]> = Extract<SocketEvent, { name: E }>;

/** A real agent on a real runtime, spoken to over its stdio. */
export class AgentUnderTest implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly epoch: bigint;
  readonly notices: Notice[] = [];
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  stderr = "";
  readonly #replies = new Map<number, (reply: Reply) => void>();
  readonly #watchers = new Set<() => void>();
  #lastId = 0;

  private constructor(runtime: Runtime, options: { env?: NodeJS.ProcessEnv; wrap?: readonly string[] }) {
    this.epoch = process.hrtime.bigint();
    const [program = "", ...args] = [
      ...(options.wrap ?? []),
      ...runtime.command,
      agentFile,
      "--epoch",
      `${this.epoch}`,
    ];
    this.process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: options.env ?? process.env });
    const decoder = createLineDecoder();
    this.process.stdout?.on("data", (chunk: Uint8Array) => {
      for (const line of decoder.push(chunk)) this.#take(parseFromAgent(line));
    });
    this.process.stderr?.on("data", (chunk: Uint8Array) => {
      this.stderr += chunk;
    });
    this.process.stdin?.on("error", () => {});
    this.exited = new Promise((resolve) => this.process.on("close", (code, signal) => resolve({ code, signal })));
  }

  static async start(runtime: Runtime, options: { env?: NodeJS.ProcessEnv; wrap?: readonly string[] } = {}) {
    const agent = new AgentUnderTest(runtime, options);
    await agent.notice("hello");
    return agent;
  }

  request<C extends CallName>(call: C, parameters: Parameters<C>, process?: string): Promise<Reply<C>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const replied = new Promise<Reply<C>>((resolve) => this.#replies.set(id, (reply) => resolve(reply as Reply<C>)));
    this.write(encodeLine({ id, ...(process === undefined ? {} : { process }), call, with: parameters }));
    return this.#before(replied, `the answer to ${call}`);
  }

  /** The answer; throws when it is an error reply. */
  async ok<C extends CallName>(call: C, parameters: Parameters<C>, process?: string): Promise<Answer<C>> {
    const reply = await this.request(call, parameters, process);
    if ("ok" in reply) return reply.ok;
    throw new Error(`${call}: ${reply.error.code}: ${reply.error.message}`);
  }

  async errorOf<C extends CallName>(call: C, parameters: Parameters<C>, process?: string) {
    const reply = await this.request(call, parameters, process);
    if ("error" in reply) return reply.error;
    throw new Error(`${call} was answered with ${JSON.stringify(reply.ok)}`);
  }

  write(text: string | Uint8Array): void {
    this.process.stdin?.write(text);
  }

  /** The first such notice, past or to come. */
  notice<N extends Notice["notice"]>(
    kind: N,
    wanted: (notice: NoticeOf<N>) => boolean = () => true,
  ): Promise<NoticeOf<N>> {
    const fits = (notice: Notice): notice is NoticeOf<N> => notice.notice === kind && wanted(notice as NoticeOf<N>);
    return this.#find(() => this.notices.find(fits), `a notice "${kind}"`);
  }

  /** The first such event of a socket, past or to come, in the host's agent or in a child. */
  async event<E extends SocketEvent["name"]>(
    socket: string,
    name: E,
    wanted: (event: EventOf<E>) => boolean = () => true,
    process?: string,
  ): Promise<EventOf<E>> {
    const fits = (event: SocketEvent): event is EventOf<E> => event.name === name && wanted(event as EventOf<E>);
    return await this.#find(() => this.events(socket, process).find(fits), `'${name}' on ${socket}`);
  }

  events(socket: string, process?: string): SocketEvent[] {
    return this.notices.flatMap((notice) =>
      notice.notice === "socket" && notice.socket === socket && notice.process === process ? [notice.event] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin?.end();
    await this.#before(this.exited, "the exit");
  }

  #take(message: Reply | Notice): void {
    if ("re" in message) {
      this.#replies.get(message.re)?.(message);
      this.#replies.delete(message.re);
      return;
    }
    this.notices.push(message);
    for (const watcher of this.#watchers) watcher();
  }

  #find<T>(look: () => T | undefined, what: string): Promise<T> {
    let watcher = () => {};
    const found = new Promise<T>((resolve) => {
      watcher = () => {
        const value = look();
        if (value !== undefined) resolve(value);
      };
    });
    this.#watchers.add(watcher);
    watcher();
    return this.#before(found, what).finally(() => this.#watchers.delete(watcher));
  }

  async #before<T>(awaited: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const last = this.notices.slice(-5).map((notice) => JSON.stringify(notice));
        reject(new Error(`No ${what} within ${withinMs} ms. Seen last:\n${last.join("\n")}\n${this.stderr}`));
      }, withinMs);
    });
    try {
      return await Promise.race([awaited, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
