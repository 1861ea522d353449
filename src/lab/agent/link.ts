import { FinwaitError } from "../../model/errors.ts";
import { createLineDecoder, type DecodedLine, parseFromAgent } from "../../protocol/codec.ts";
import type {
  Answer,
  CallName,
  FromAgent,
  HelloNotice,
  Notice,
  Parameters,
  RemoteError,
  Reply,
} from "../../protocol/messages.ts";
import type { DrivenHost } from "../driver/driver.ts";

/** Far beyond what any call takes: on a machine that hardly moves, an agent that is slow is not dead. */
const callTimeoutMs = 30_000;
const helloTimeoutMs = 20_000;

/** Everything in an agent's messages that is a time. */
const stampNames: readonly string[] = ["at", "startedAt", "endedAt"];

/** An answer with its stamps, already on the harness's clock (nanoseconds since the epoch). */
export interface Answered<C extends CallName> {
  readonly ok: Answer<C>;
  readonly startedAt: number;
  readonly at: number;
}

/** The runtime in a host refused a call: `refusal` has Node's own code, or one of the agent's, and its words. */
export class CallRefused extends FinwaitError {
  readonly refusal: RemoteError;

  constructor(what: string, who: string, refusal: RemoteError) {
    const isMissing = refusal.code === "UNSUPPORTED" || refusal.code === "ENOENT";
    const message = `${who} refused ${what} with ${refusal.code}: ${refusal.message}`;
    super(isMissing ? "FINWAIT_CAPABILITY_MISSING" : "FINWAIT_CALL_FAILED", message);
    this.refusal = refusal;
  }
}

interface Pending {
  readonly what: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** The conversation with one host's agent: requests by number, notices to whoever listens, one death for all. */
export class AgentLink {
  /** Resolves when the agent is gone. */
  readonly gone: Promise<void>;
  readonly #host: DrivenHost;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(notice: Notice) => void>();
  #nextId = 1;
  #ended: string | undefined;
  #isClosed = false;
  #clockOffset = 0;
  #outbox = "";

  constructor(host: DrivenHost) {
    this.#host = host;
    const decoder = createLineDecoder();
    host.output.on("data", (chunk: Uint8Array) => {
      for (const line of decoder.push(chunk)) this.#take(line);
    });
    this.gone = host.exited.then((how) => this.#die(how));
  }

  /** Resolves with the agent's hello; the only sign of readiness that opens no connection. */
  async hello(): Promise<HelloNotice> {
    const { promise, resolve, reject } = Promise.withResolvers<HelloNotice>();
    const stop = this.onNotice((notice) => {
      if (notice.notice === "hello" && notice.process === undefined) resolve(notice);
    });
    const deadline = setTimeout(() => {
      reject(
        new FinwaitError(
          "FINWAIT_AGENT_TIMEOUT",
          `${this.#who()} said no hello within ${helloTimeoutMs} ms. ${this.#stderr()}`,
        ),
      );
    }, helloTimeoutMs);
    const id = this.#nextId++;
    this.#pending.set(id, { what: "hello", resolve: () => {}, reject });
    try {
      return await promise;
    } finally {
      this.#pending.delete(id);
      clearTimeout(deadline);
      stop();
    }
  }

  /** Compares clocks as Cristian does; an offset below the uncertainty means the two share one clock. */
  async compareClocks(now: () => number): Promise<{ offsetNs: number; uncertaintyNs: number }> {
    let best = { offsetNs: 0, uncertaintyNs: Number.POSITIVE_INFINITY };
    for (let round = 0; round < 3; round++) {
      const sent = now();
      const { at } = await this.request("ping", {});
      const received = now();
      const uncertaintyNs = (received - sent) / 2;
      if (uncertaintyNs < best.uncertaintyNs) best = { offsetNs: at - (sent + received) / 2, uncertaintyNs };
    }
    const shared = Math.abs(best.offsetNs) <= best.uncertaintyNs;
    this.#clockOffset = shared ? 0 : best.offsetNs;
    return shared ? { offsetNs: 0, uncertaintyNs: 0 } : best;
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks the agent, or one of its child processes. Rejects with CallRefused when the runtime refused,
   * FINWAIT_AGENT_EXITED when the agent died first, FINWAIT_AGENT_TIMEOUT after `timeoutMs`.
   */
  async request<C extends CallName>(
    call: C,
    parameters: Parameters<C>,
    options: { process?: string | undefined; timeoutMs?: number } = {},
  ): Promise<Answered<C>> {
    const what = options.process ? `"${call}" of process ${options.process}` : `"${call}"`;
    if (this.ended) throw this.exitError(what);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#pending.set(id, { what, resolve, reject });
    const timeoutMs = options.timeoutMs ?? callTimeoutMs;
    const deadline = setTimeout(() => {
      reject(
        new FinwaitError(
          "FINWAIT_AGENT_TIMEOUT",
          `${this.#who()} did not answer ${what} within ${timeoutMs} ms. ${this.#stderr()}`,
        ),
      );
    }, timeoutMs);
    this.#send({ id, ...(options.process === undefined ? {} : { process: options.process }), call, with: parameters });
    try {
      const reply = await promise;
      if ("error" in reply) throw new CallRefused(what, this.#who(), reply.error);
      return {
        ok: this.#onOurClock(reply.ok) as Answer<C>,
        ...this.#onOurClock({ startedAt: reply.startedAt, at: reply.at }),
      };
    } finally {
      clearTimeout(deadline);
      this.#pending.delete(id);
    }
  }

  /** Whatever the agent stamped, on the harness's clock. */
  #onOurClock<T extends object>(stamped: T): T {
    if (this.#clockOffset === 0) return stamped;
    const stamps = Object.entries(stamped).filter(([name]) => stampNames.includes(name));
    return { ...stamped, ...Object.fromEntries(stamps.map(([name, at]) => [name, Number(at) - this.#clockOffset])) };
  }

  /** Runs a program in the host; throws FINWAIT_COMMAND_FAILED with its stderr unless it exits with 0. */
  async run(command: string, args: readonly string[], input?: string): Promise<Answered<"run">> {
    const answered = await this.request("run", { command, args, ...(input === undefined ? {} : { input }) }).catch(
      (cause: unknown) => {
        if (!(cause instanceof CallRefused)) throw cause;
        if (cause.refusal.code === "ENOENT") {
          throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `needs ${command} on host "${this.#host.name}"`, {
            cause,
          });
        }
        throw new FinwaitError("FINWAIT_COMMAND_FAILED", `${command} on host "${this.#host.name}": ${cause.message}`, {
          cause,
        });
      },
    );
    const { exitCode, stderr } = answered.ok;
    if (exitCode === 0) return answered;
    const line = [command, ...args].join(" ");
    throw new FinwaitError(
      "FINWAIT_COMMAND_FAILED",
      `${line} on host "${this.#host.name}" exited with code ${exitCode}: ${stderr.trim() || "it wrote nothing to stderr"}`,
    );
  }

  /** Requests of one turn of the event loop leave in one write. */
  #send(message: object): void {
    if (this.#outbox === "") queueMicrotask(() => this.#flush());
    this.#outbox += `${JSON.stringify(message)}\n`;
  }

  #flush(): void {
    const text = this.#outbox;
    this.#outbox = "";
    if (this.#host.input.writable) this.#host.input.write(text);
  }

  #take(line: DecodedLine): void {
    let message: FromAgent;
    try {
      if (typeof line !== "string") throw line;
      message = parseFromAgent(line);
    } catch (error) {
      // What follows cannot be trusted either: to the harness, an agent that speaks nonsense is a dead one.
      this.#die(`said what the protocol does not know (${error instanceof Error ? error.message : error})`);
      return;
    }
    if ("re" in message) {
      this.#pending.get(message.re)?.resolve(message);
      return;
    }
    if (message.notice === "malformed") {
      // The harness wrote what its own agent cannot read: whoever waits for an answer to that would wait in vain.
      this.#die(`could not read what it was asked (${message.message})`);
      return;
    }
    const notice = this.#onOurClock(message);
    for (const listener of this.#listeners) listener(notice);
  }

  #die(how: string): void {
    this.#ended ??= how;
    for (const pending of this.#pending.values()) pending.reject(this.exitError(pending.what));
    this.#pending.clear();
  }

  /** How many requests await their answer. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Says that the end of the agent is meant: what is asked from now on is asked of a closed lab. */
  close(): void {
    this.#isClosed = true;
    this.#ended ??= "was closed with its lab";
  }

  /** For whoever was waiting for `what` when the agent went. */
  exitError(what: string): FinwaitError {
    if (this.#isClosed)
      return new FinwaitError("FINWAIT_LAB_CLOSED", `The lab was closed before ${what} was answered.`);
    return new FinwaitError(
      "FINWAIT_AGENT_EXITED",
      `${this.#who()} ${this.#ended ?? "is gone"} before answering ${what}. ${this.#stderr()}`.trim(),
    );
  }

  #who(): string {
    return `Agent on host "${this.#host.name}"`;
  }

  #stderr(): string {
    const tail = this.#host.stderrTail();
    return tail ? `Its last words:\n${tail}` : "It wrote nothing to stderr.";
  }
}
