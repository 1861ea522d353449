import type { SocketRow } from "../model/socket.ts";
import { type MonoNs, monoNs } from "../model/time.ts";
import { ssArguments } from "../observe/ss/arguments.ts";
import { parseSs } from "../observe/ss/parse.ts";
import type { AgentLink } from "./agent-link.ts";

/** The socket table of one host at one moment; `uncertaintyNs` is half the time ss took to read it. */
export interface Snapshot {
  readonly rows: readonly SocketRow[];
  readonly at: MonoNs;
  readonly uncertaintyNs: number;
}

/**
 * Reads a host's socket table. Whoever asks while a reading is under way shares the next one, so a busy host runs one
 * `ss` at a time however many experiments wait on it, and nobody is given a table older than the question.
 */
export class Snapshots {
  readonly #link: AgentLink;
  readonly #clockUncertaintyNs: number;
  #running: Promise<unknown> = Promise.resolve();
  #next: { readonly ports: Set<number>; readonly result: Promise<Snapshot> } | undefined;

  constructor(link: AgentLink, clockUncertaintyNs: number) {
    this.#link = link;
    this.#clockUncertaintyNs = clockUncertaintyNs;
  }

  take(ports: Iterable<number>): Promise<Snapshot> {
    if (this.#next === undefined) {
      const wanted = new Set<number>();
      const result = this.#running.then(() => {
        this.#next = undefined;
        return this.#read(wanted);
      });
      this.#next = { ports: wanted, result };
      this.#running = result.catch(() => {});
    }
    for (const port of ports) this.#next.ports.add(port);
    return this.#next.result;
  }

  async #read(ports: ReadonlySet<number>): Promise<Snapshot> {
    const { ok } = await this.#link.run("ss", ssArguments({ ports: [...ports] }));
    return {
      rows: parseSs(ok.stdout),
      at: monoNs((ok.startedAt + ok.endedAt) / 2),
      uncertaintyNs: (ok.endedAt - ok.startedAt) / 2 + this.#clockUncertaintyNs,
    };
  }
}
