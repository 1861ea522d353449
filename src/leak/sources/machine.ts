import type { SocketsReading } from "../../model/leak.ts";
import { localProc } from "../../observe/proc/local.ts";
import type { SocketSource } from "../source.ts";
import { inodesOf } from "./held.ts";
import { HolderSearch } from "./holder-search.ts";
import { type SourceOptions, statesFor } from "./options.ts";
import { readTable, runHere } from "./table.ts";

/**
 * All sockets in this process's network namespace. Where some of the machine's processes may not be read, `blind` says
 * so, and only when there is a suspect of which no holder was found.
 */
export async function openMachineSource(options: SourceOptions = {}): Promise<SocketSource> {
  return new MachineSource(options);
}

class MachineSource implements SocketSource {
  readonly subject = "this machine";
  readonly #options: SourceOptions;
  readonly #search = new HolderSearch();

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  get blind(): readonly string[] {
    return this.#search.blind;
  }

  async read(): Promise<SocketsReading> {
    const table = await readTable(runHere, { states: statesFor(this.#options) }, this.#options.keep);
    return {
      ...table,
      holders: await (this.#options.everything ? this.#search.all() : this.#search.find(inodesOf(table.rows))),
    };
  }

  /** Of the processes that held suspects at the last reading. */
  async descriptors() {
    return await localProc.descriptors(this.#search.processes);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
