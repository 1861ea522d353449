import type { SocketHolder } from "../../model/leak.ts";
import { localProc } from "../../observe/proc/local.ts";

type Holders = ReadonlyMap<number, readonly SocketHolder[]>;

/** Looks for the holders of sockets among all processes of this machine: first among those that had some the last time. */
export class HolderSearch {
  #pids: readonly number[] = [];
  #isBlind = false;

  /** What could not be seen in the last search. */
  get blind(): readonly string[] {
    if (!this.#isBlind) return [];
    return [
      "The descriptors of other users' processes may not be read: some sockets are shown without a holder. Run as root.",
    ];
  }

  /** Ends as soon as each of these inodes has a holder. */
  async find(inodes: ReadonlySet<number>): Promise<Holders> {
    this.#isBlind = false;
    if (inodes.size === 0) return new Map();
    const likely = await localProc.holders(this.#pids, inodes);
    const missing = new Set([...inodes].filter((inode) => !likely.holders.has(inode)));
    const found = missing.size === 0 ? undefined : await localProc.holders("all", missing);
    const holders = new Map([...likely.holders, ...(found?.holders ?? [])]);
    this.#isBlind = found !== undefined && found.unreadable.length > 0 && holders.size < inodes.size;
    this.#pids = [...new Set([...holders.values()].flat().map(({ pid }) => pid))];
    return holders;
  }

  /** Every socket that any process holds. */
  async all(): Promise<Holders> {
    const { holders, unreadable } = await localProc.holders("all");
    this.#isBlind = unreadable.length > 0;
    return holders;
  }

  /** The processes that held what was looked for the last time. */
  get processes(): readonly number[] {
    return this.#pids;
  }
}
