import { FinwaitError } from "../../model/errors.ts";
import type { SocketsReading } from "../../model/leak.ts";
import { localProc } from "../../observe/proc/local.ts";
import type { SocketSource } from "../source.ts";
import { inodesOf } from "./held.ts";
import { HolderSearch } from "./holder-search.ts";
import { type SourceOptions, statesFor } from "./options.ts";
import { readTable, runHere } from "./table.ts";

/**
 * The sockets of this machine, in this process's network namespace, whose own port this is: those of a server, whoever
 * runs it.
 *
 * @throws FINWAIT_USAGE for what is no port, FINWAIT_SUBJECT_GONE when no socket has it: nothing would be looked at.
 */
export async function openPortSource(port: number, options: SourceOptions = {}): Promise<SocketSource> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new FinwaitError("FINWAIT_USAGE", `${port} is no TCP port: ports are whole numbers from 1 to 65535.`);
  }
  const { rows } = await readTable(runHere, { localPort: port });
  if (rows.length === 0) {
    throw new FinwaitError(
      "FINWAIT_SUBJECT_GONE",
      `No socket of this machine has port ${port}. Is the program running, and in this network namespace?`,
    );
  }
  return new PortSource(port, options);
}

class PortSource implements SocketSource {
  readonly subject: string;
  readonly #port: number;
  readonly #options: SourceOptions;
  readonly #search = new HolderSearch();

  constructor(port: number, options: SourceOptions) {
    this.subject = `port ${port}`;
    this.#port = port;
    this.#options = options;
  }

  get blind(): readonly string[] {
    return this.#search.blind;
  }

  async read(): Promise<SocketsReading> {
    const { everything = false } = this.#options;
    const table = await readTable(
      runHere,
      { localPort: this.#port, states: statesFor(this.#options) },
      this.#options.keep,
    );
    return { ...table, holders: await (everything ? this.#search.all() : this.#search.find(inodesOf(table.rows))) };
  }

  /** Of the processes that have a socket with that port, listening or not. */
  async descriptors() {
    const { rows } = await readTable(runHere, { localPort: this.#port }, this.#options.keep);
    const holders = await this.#search.find(inodesOf(rows));
    return await localProc.descriptors([...new Set([...holders.values()].flat().map(({ pid }) => pid))]);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
