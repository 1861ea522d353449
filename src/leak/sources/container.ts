import type { Alongside } from "../../lab/driver/docker/alongside.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { SocketsReading } from "../../model/leak.ts";
import type { HeldSockets, ProcReader } from "../../observe/proc/reader.ts";
import { procThrough } from "../../observe/proc/through.ts";
import type { SocketSource } from "../source.ts";
import { heldRows } from "./held.ts";
import { type SourceOptions, statesFor } from "./options.ts";
import { readTable } from "./table.ts";

/**
 * The sockets of a container, read by a helper container of ours in its network and, where the engine permits it, its PID
 * namespace: its own image needs neither `ss` nor a shell. Testcontainers is loaded only now.
 *
 * @throws FINWAIT_USAGE for a name no container has, FINWAIT_SUBJECT_GONE for one that is not running,
 * FINWAIT_CAPABILITY_MISSING without an engine, or where other containers share the network and the processes cannot be
 * told apart; FINWAIT_LAB_FAILED when the helper does not start.
 */
export async function openContainerSource(nameOrId: string, options: SourceOptions = {}): Promise<SocketSource> {
  const { openAlongside } = await import("../../lab/driver/docker/alongside.ts");
  const alongside = await openAlongside(nameOrId);
  if (alongside.seesProcesses || !alongside.sharesNetwork) return new ContainerSource(alongside, options);
  await alongside[Symbol.asyncDispose]();
  throw new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `Container ${alongside.name} shares its network, and the engine lets nobody join its processes: ` +
      "its sockets cannot be told from others.",
  );
}

class ContainerSource implements SocketSource {
  readonly subject: string;
  readonly #alongside: Alongside;
  readonly #proc: ProcReader;
  readonly #options: SourceOptions;
  #unreadable = 0;

  constructor(alongside: Alongside, options: SourceOptions) {
    this.subject = `container ${alongside.name} (${alongside.image})`;
    this.#alongside = alongside;
    this.#proc = procThrough(alongside.run);
    this.#options = options;
  }

  get blind(): readonly string[] {
    if (!this.#alongside.seesProcesses) {
      return [
        "The container's processes cannot be joined: who holds a socket, and descriptors whose connection is gone, are not seen.",
      ];
    }
    if (this.#unreadable === 0) return [];
    return [
      `The descriptors of ${this.#unreadable} of the container's processes may not be read: their sockets are not looked at.`,
    ];
  }

  async read(): Promise<SocketsReading> {
    await this.#alongside.check();
    const { run, seesProcesses } = this.#alongside;
    const table = await readTable(run, { states: statesFor(this.#options) }, this.#options.keep);
    if (!seesProcesses) return table;
    const everything = this.#options.everything === true;
    const reading = await heldRows(table, { run, everything, search: (wanted) => this.#holders(wanted) });
    this.#unreadable = reading.unreadable.length;
    return reading;
  }

  /** Of the container's processes that hold a socket. */
  async descriptors() {
    if (!this.#alongside.seesProcesses) return [];
    const { holders } = await this.#holders();
    const ours = new Set(await this.#proc.family(this.#alongside.ownProcess));
    const pids = new Set([...holders.values()].flat().map(({ pid }) => pid));
    return await this.#proc.descriptors([...pids].filter((pid) => !ours.has(pid)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#alongside[Symbol.asyncDispose]();
  }

  /** The helper sees the container's processes, its own, which hold none of TCP, and in the machine's PID namespace all. */
  async #holders(wanted?: ReadonlySet<number>): Promise<HeldSockets> {
    const { mainProcess } = this.#alongside;
    return await this.#proc.holders(mainProcess === undefined ? "all" : await this.#proc.family(mainProcess), wanted);
  }
}
