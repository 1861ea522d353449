import { FinwaitError } from "../../model/errors.ts";
import type { TcpState } from "../../model/state.ts";
import { type AskableState, stateWords } from "./states.ts";

/** What to ask the socket table for. A list that is given must not be empty: to ask for all, leave it out. */
export interface SsQuery {
  /** Only sockets that have one of these ports at either end; at most 1,000 of them. */
  readonly ports?: readonly number[];
  /** Only sockets whose own port is this one; not together with `ports`. */
  readonly localPort?: number;
  /** Only sockets in these states; CLOSED cannot be asked. Left out: the ten others. */
  readonly states?: readonly TcpState[];
  /** Ask for the processes too. Slow: ss then reads every descriptor of every process. */
  readonly owners?: boolean;
}

// From some 1,600 ports on, the filter outgrows a netlink message. ss then says nothing, exits with 0, and reads
// /proc/net/tcp instead: other cookies, no listen backlog, no tcp_info. (Measured with 5.10 to 7.3.)
const mostPorts = 1000;

/** The argument array for `ss`, to be run without a shell. Needs iproute2 5.1 or later (`-O`). Throws FINWAIT_USAGE. */
export function ssArguments(query: SsQuery = {}): string[] {
  return [
    ...["-H", "-n", "-O", "-t", "-a", "-e", "-i", "-m", "-o"],
    ...(query.owners === true ? ["-p"] : []),
    ...stateFilter(query.states),
    ...(query.ports === undefined ? [] : portFilter(query.ports)),
    ...(query.localPort === undefined ? [] : ["sport", "=", portWord(query.localPort)]),
  ];
}

/**
 * Never one state alone: ss then leaves out the State column, and a row could be misread. `closed` keeps the column and
 * adds no rows, as the kernel lists no TCP socket as closed. Nor `all`, nor `connected`: with these, ss from 6.8 on
 * also lists bound sockets that never connected, as UNCONN, and earlier ones refuse the word that would exclude them.
 */
function stateFilter(states: readonly TcpState[] = Object.keys(stateWords) as AskableState[]): string[] {
  if (states.length === 0)
    throw usage("An empty list of states asks ss for nothing. Leave `states` out to ask for all.");
  const words = new Set(states.map(stateWord));
  if (words.size === 1) words.add("closed");
  return [...words].flatMap((word) => ["state", word]);
}

function stateWord(state: TcpState): string {
  if (state === "CLOSED") {
    throw usage("ss cannot list CLOSED: it is the absence of a socket. Ask for the ports, and look for no row.");
  }
  return stateWords[state];
}

function portFilter(ports: readonly number[]): string[] {
  if (ports.length === 0) throw usage("An empty list of ports asks ss for nothing. Leave `ports` out to ask for all.");
  const distinct = [...new Set(ports)];
  if (distinct.length > mostPorts) {
    throw usage(`${distinct.length} ports are more than one ss filter can hold (${mostPorts}). Ask in several calls.`);
  }
  const either = distinct.map(portWord).flatMap((port) => ["or", "sport", "=", port, "or", "dport", "=", port]);
  return ["(", ...either.slice(1), ")"];
}

function portWord(port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw usage(`${port} is no TCP port. Ports are whole numbers from 0 to 65535.`);
  }
  return `:${port}`;
}

function usage(message: string): FinwaitError {
  return new FinwaitError("FINWAIT_USAGE", message);
}
