import type { Answer } from "../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Host } from "./host.ts";
import type { Listener } from "./listener.ts";
import type { Session } from "./session.ts";

/** How an http.Agent keeps its connections, and how it is asked; the first four are Node's names. */
export interface HttpClientOptions {
  readonly keepAlive?: boolean;
  readonly maxSockets?: number;
  readonly maxFreeSockets?: number;
  /** How long it keeps an idle connection, in milliseconds. */
  readonly timeout?: number;
  /** Requests under way at one time; default 1. */
  readonly atOnce?: number;
  /** Milliseconds between an answer and the next request. */
  readonly gapMs?: number;
  readonly process?: AgentProcess;
}

/** What Node's own HTTP client does with a server: one http.Agent in the first host, on ports that the kernel chooses. */
export class HttpClient {
  readonly #host: Host;
  readonly #lab: Session;
  readonly #listener: Listener;
  readonly #name: string;
  readonly #client: string;
  readonly #options: HttpClientOptions;

  constructor(lab: Session, listener: Listener, name: string, options: HttpClientOptions = {}) {
    const [first = listener.host] = lab.hosts;
    this.#host = options.process?.host ?? first;
    this.#lab = lab;
    this.#listener = listener;
    this.#name = name;
    // Under the listener's name, so that the session's end is its end too.
    this.#client = `${listener.id}/${name}`;
    this.#options = options;
  }

  /** Makes `count` requests and resolves when each has been answered or has failed; recorded under `label`. */
  async request(count: number, label: string): Promise<Answer<"requestHttp">> {
    const { process, ...options } = this.#options;
    const { address, port } = this.#listener.addressFor(4);
    const { ok } = await this.#host.link.request(
      "requestHttp",
      { client: this.#client, address, port, count, ...options },
      { process: process?.id, timeoutMs: 30_000 + count * (options.gapMs ?? 0) },
    );
    const record = (name: string, value: number, unit: string) =>
      this.#lab.story.measure(this.#host.name, { name: `${this.#name}: ${name}`, label, value, unit });
    record("requests answered", ok.answered, "requests");
    record("connections opened", ok.connections, "connections");
    return ok;
  }

  /** `agent.destroy()`: lets go of the connections it keeps. */
  async close(): Promise<void> {
    await this.#host.link.request("closeHttp", { client: this.#client }, { process: this.#options.process?.id });
    this.#lab.story.note(this.#host.name, `${this.#name}: agent.destroy()`);
  }
}
