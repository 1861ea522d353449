import type { DescriptorUse, SocketHolder } from "../../model/leak.ts";

/** Who holds which socket, among the processes that were looked at. */
export interface HeldSockets {
  /** By inode. */
  readonly holders: ReadonlyMap<number, readonly SocketHolder[]>;
  /** Processes that are there and whose descriptors this one may not see; sorted. */
  readonly unreadable: readonly number[];
}

/** Reads the processes below one /proc: this machine's, or that of a host or a container. */
export interface ProcReader {
  /** The process and all its descendants, parents first; empty when it has ended, zombies included. */
  family(pid: number): Promise<readonly number[]>;
  /**
   * The sockets that these processes hold. With `wanted`, only those inodes; where all processes are looked through,
   * looking ends once each of them has a holder.
   */
  holders(pids: readonly number[] | "all", wanted?: ReadonlySet<number>): Promise<HeldSockets>;
  /** Open descriptors against the limit. Processes that are gone or may not be read are left out. */
  descriptors(pids: readonly number[]): Promise<readonly DescriptorUse[]>;
}
