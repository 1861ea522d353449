import { FinwaitError } from "../../model/errors.ts";
import type { SocketsReading } from "../../model/leak.ts";
import { localProc, mayReadDescriptors, networkOf, processName, processStart } from "../../observe/proc/local.ts";
import type { RunProgram } from "../../observe/proc/run-program.ts";
import type { SocketSource } from "../source.ts";
import { heldRows } from "./held.ts";
import { type SourceOptions, statesFor } from "./options.ts";
import { readTable, runHere } from "./table.ts";

/**
 * The sockets that a process of this machine and its descendants hold, in whatever network namespaces they are. Who
 * descends from it is looked up at every reading; a descendant whose parent has ended is nobody's any more.
 *
 * @throws FINWAIT_USAGE for what is no process id, FINWAIT_SUBJECT_GONE when there is no such process,
 * FINWAIT_CAPABILITY_MISSING when its descriptors may not be read: it could only be called healthy unseen.
 */
export async function openProcessSource(pid: number, options: SourceOptions = {}): Promise<SocketSource> {
  if (!Number.isSafeInteger(pid) || pid < 1) {
    throw new FinwaitError("FINWAIT_USAGE", `${pid} is no process id: these are whole numbers from 1.`);
  }
  const startedAt = processStart(pid);
  if (startedAt === undefined) throw gone(`There is no process ${pid}, or it has ended.`);
  const source = new ProcessSource(pid, startedAt, options);
  await source.family();
  return source;
}

class ProcessSource implements SocketSource {
  readonly subject: string;
  readonly #pid: number;
  readonly #startedAt: string;
  readonly #options: SourceOptions;
  #unreadable: readonly number[] = [];

  constructor(pid: number, startedAt: string, options: SourceOptions) {
    this.subject = `process ${pid} (${processName(pid)})`;
    this.#pid = pid;
    this.#startedAt = startedAt;
    this.#options = options;
  }

  get blind(): readonly string[] {
    if (this.#unreadable.length === 0) return [];
    const who = this.#unreadable.map((pid) => `${pid} (${processName(pid)})`).join(", ");
    return [`The descriptors of its descendants ${who} may not be read: their sockets are not looked at. Run as root.`];
  }

  /** @throws FINWAIT_SUBJECT_GONE, FINWAIT_CAPABILITY_MISSING */
  async family(): Promise<readonly number[]> {
    const family = await localProc.family(this.#pid);
    if (family.length === 0 || processStart(this.#pid) !== this.#startedAt)
      throw gone(`The ${this.subject} has ended.`);
    const unreadable = family.filter((pid) => mayReadDescriptors(pid) === false);
    if (unreadable.includes(this.#pid)) throw denied(this.subject);
    this.#unreadable = unreadable;
    return family.filter((pid) => !unreadable.includes(pid));
  }

  /** One table of each network namespace that the family is in: usually one. */
  async read(): Promise<SocketsReading> {
    const family = await this.family();
    const byNetwork = Map.groupBy(family, networkOf);
    byNetwork.delete(undefined);
    const ours = networkOf(process.pid);
    const readings: SocketsReading[] = [];
    for (const [network, [pid = this.#pid]] of byNetwork) {
      const run = network === ours ? runHere : runInNetworkOf(pid);
      const table = await readTable(run, { states: statesFor(this.#options) }, this.#options.keep);
      const search = (wanted?: ReadonlySet<number>) => localProc.holders(family, wanted);
      readings.push(await heldRows(table, { run, search, everything: this.#options.everything === true }));
    }
    return together(readings);
  }

  async descriptors() {
    return await localProc.descriptors(await this.family());
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function together(readings: readonly SocketsReading[]): SocketsReading {
  const [first, ...others] = readings;
  // It ended while it was being looked at: the next reading will say so.
  if (first === undefined) return { atMs: performance.now(), rows: [], holders: new Map() };
  if (others.length === 0) return first;
  return {
    atMs: readings.reduce((sum, { atMs }) => sum + atMs, 0) / readings.length,
    rows: readings.flatMap(({ rows }) => rows),
    holders: new Map(readings.flatMap(({ holders }) => [...(holders ?? [])])),
  };
}

function runInNetworkOf(pid: number): RunProgram {
  return async (command, args) => {
    try {
      return await runHere("nsenter", ["--target", String(pid), "--net", command, ...args]);
    } catch (error) {
      if (processStart(pid) === undefined) return "";
      throw new FinwaitError(
        "FINWAIT_CAPABILITY_MISSING",
        `Process ${pid} (${processName(pid)}) is in another network namespace, and entering that needs root. ` +
          "Run finwait as root, or look at the container with --container.",
        { cause: error },
      );
    }
  };
}

function gone(message: string): FinwaitError {
  return new FinwaitError("FINWAIT_SUBJECT_GONE", message);
}

function denied(subject: string): FinwaitError {
  return new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `The descriptors of ${subject} may not be read: it belongs to another user, or may do more. Run finwait as its user or as root.`,
  );
}
