import type { SocketRow } from "../../model/socket.ts";
import { type MonoNs, monoNs } from "../../model/time.ts";
import { ssArguments } from "../../observe/ss/arguments.ts";
import { parseSs } from "../../observe/ss/parse.ts";
import type { AgentLink } from "../agent/link.ts";
import { pause } from "../deadline.ts";

/** The socket table of one host at one moment; `uncertaintyNs` is half the time ss took to read it. */
export interface Snapshot {
  readonly rows: readonly SocketRow[];
  readonly at: MonoNs;
  readonly uncertaintyNs: number;
}

/** Who polls can wait for the next reading that is due anyway; who reads a moment of the story cannot. */
export type Urgency = "now" | "when due";

/** Between readings for those who poll, as a multiple of what the last one took: `ss` is not to be all that a host does. */
const restsFor = 3;
/** An agent with so much to answer serves several experiments. */
const manyPending = 3;

/**
 * Reads a host's socket table. Whoever asks while a reading is under way shares the next one, so a busy host runs one
 * `ss` at a time however many experiments wait on it, and nobody is given a table older than the question.
 */
export class Snapshots {
  readonly #link: AgentLink;
  readonly #clockUncertaintyNs: number;
  #running: Promise<unknown> = Promise.resolve();
  #next: NextReading | undefined;
  #dueAt = 0;
  /** Milliseconds that the last reading took. */
  #tookMs = 0;

  constructor(link: AgentLink, clockUncertaintyNs: number) {
    this.#link = link;
    this.#clockUncertaintyNs = clockUncertaintyNs;
  }

  take(ports: Iterable<number>, urgency: Urgency = "now"): Promise<Snapshot> {
    this.#next ??= this.#prepare();
    for (const port of ports) this.#next.ports.add(port);
    if (urgency === "now") this.#next.begin();
    return this.#next.result;
  }

  #prepare(): NextReading {
    const ports = new Set<number>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const result = this.#running.then(async () => {
      const due = setTimeout(begin, Math.max(0, this.#dueAt - performance.now()));
      await begun;
      clearTimeout(due);
      // Where many act at once, others are about to ask too.
      if (this.#link.pendingCount >= manyPending) await pause(this.#tookMs / 2);
      this.#next = undefined;
      const startedAt = performance.now();
      const read = this.#read(ports);
      this.#running = read.catch(() => {});
      const snapshot = await read;
      this.#tookMs = performance.now() - startedAt;
      this.#dueAt = performance.now() + restsFor * this.#tookMs;
      return snapshot;
    });
    return { ports, begin, result };
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

/** The reading that has not begun: it can still be joined, and be made to begin before it is due. */
interface NextReading {
  readonly ports: Set<number>;
  readonly begin: () => void;
  readonly result: Promise<Snapshot>;
}
