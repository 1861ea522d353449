import type { TcpState } from "./state.ts";

/** One end's address as the kernel has it; IPv6 without brackets, a wildcard as `*`. `port` is 0 where ss prints `*`. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** An address as people write it: `10.77.0.1:80`, `[fd77::1]:80`. */
export function addressText({ address, port }: SocketAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * One text for a host, without its scope, however it is written: `::ffff:10.0.0.1`, IPv4 mapped into IPv6, is
 * `10.0.0.1`.
 */
export function plainHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.startsWith("::ffff:") && lower.includes(".") ? lower.slice("::ffff:".length) : lower;
}

/** The kernel's timer on a socket, as `ss -o` prints it. `remainingMs` is to the second from 10 s on, to the minute from 10 min on. */
export interface SocketTimer {
  readonly name: "on" | "keepalive" | "timewait" | "persist" | "delack" | "unknown";
  readonly remainingMs: number;
  readonly retransmits: number;
}

/** Socket memory in bytes, as `ss -m` prints it (`skmem:(…)`). */
export interface SocketMemory {
  readonly rmemAlloc: number;
  readonly rcvBuf: number;
  readonly wmemAlloc: number;
  readonly sndBuf: number;
  readonly fwdAlloc: number;
  readonly wmemQueued: number;
  readonly optMem: number;
  readonly backLog: number;
  readonly drops: number;
}

/** A process that holds the socket, by the name it gave itself. */
export interface SocketOwner {
  readonly name: string;
  readonly pid: number;
  readonly fd: number;
}

/**
 * One line of `ss`, typed. Queues are bytes, except on LISTEN, where `recvQ` counts connections waiting to be accepted
 * and `sendQ` is the limit. Fields that ss left out are absent: ss leaves out zeros.
 */
export interface SocketRow {
  readonly state: TcpState;
  readonly recvQ: number;
  readonly sendQ: number;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  readonly timer?: SocketTimer;
  /** Identifies the socket through all its states, TIME-WAIT included. */
  readonly cookie?: string;
  /** 0 once no file refers to the socket (TIME-WAIT, orphans). */
  readonly inode?: number;
  readonly uid?: number;
  /** Path of the socket's control group, which may hold blanks: whoever makes the group chooses its name. */
  readonly cgroup?: string;
  /** Directions that are shut, from the mark `<->`: `read` after the peer's FIN, `write` after our own. SYN-RECEIVED and TIME-WAIT have none. */
  readonly shutdown?: { readonly read: boolean; readonly write: boolean };
  readonly memory?: SocketMemory;
  /** `name:value` and bare words of `ss -i`, by name; bare words have the value `true`. */
  readonly tcpInfo: Readonly<Record<string, string | true>>;
  readonly owners: readonly SocketOwner[];
  /** The line as ss printed it: the evidence. */
  readonly line: string;
}
