import type { SocketAddress } from "../../model/socket.ts";
import type { TcpState } from "../../model/state.ts";
import { readAddress } from "../ss/address.ts";

interface Seen {
  /** Nanoseconds on CLOCK_MONOTONIC since the epoch; ftrace prints whole microseconds, rounded. */
  readonly atNs: number;
}

interface SeenOfSocket extends Seen {
  /** The end whose kernel tells. The port is 0 where the socket has none yet. */
  readonly local: SocketAddress;
  /** `*` and port 0 for a listener, also where a listener resets what came to it. */
  readonly peer: SocketAddress;
}

/** `sock:inet_sock_set_state`: the kernel gave a socket another state. */
export interface TransitionEvent extends SeenOfSocket {
  readonly kind: "transition";
  readonly from: TcpState;
  readonly to: TcpState;
}

/**
 * What the `tcp:` tracepoints tell. A reset that a program causes is told after it was sent: on one machine "reset
 * received" can come first.
 */
export interface SegmentEvent extends SeenOfSocket {
  readonly kind: "retransmission" | "reset sent" | "reset received";
}

/** What was written to the instance's trace_marker. */
export interface MarkerEvent extends Seen {
  readonly kind: "marker";
  readonly text: string;
}

/** The ring buffer of one processor was full: so many events are missing here, at least. */
export interface LostEvents {
  readonly kind: "lost";
  readonly events: number;
}

export type TraceEvent = TransitionEvent | SegmentEvent | MarkerEvent | LostEvents;

/**
 * `name-pid [cpu] flags seconds.microseconds: event: fields`. The process's name may hold anything and is skipped: with
 * its 15 characters it is too short to forge what follows it.
 */
const eventLine = /-\d+ +(?:\([ \d-]+\) +)?\[\d{3,}\] (?:\S+ +)?(\d{1,12})\.(\d{6}): (\w+): (.*)$/;
const lostLine = /^CPU:\d+ \[LOST(?: (\d+))? EVENTS\]$/;

/** Reads one line of trace_pipe, written with the clock `mono`; undefined for a line that is none of the events we ask for. */
export function parseTraceLine(line: string, epoch: bigint): TraceEvent | undefined {
  const lost = lostLine.exec(line);
  // Without a number the kernel could not count them: there was at least one.
  if (lost) return { kind: "lost", events: Number(lost[1] ?? 1) };
  const [, seconds, micros, name, text] = eventLine.exec(line) ?? [];
  if (seconds === undefined || micros === undefined || name === undefined || text === undefined) return undefined;
  // The two parts as one integer: as a fraction, days of uptime would cost the last digits.
  const atNs = Number(BigInt(seconds + micros) * 1000n - epoch);
  return readEvent(name, text, atNs);
}

function readEvent(name: string, text: string, atNs: number): TraceEvent | undefined {
  switch (name) {
    case "tracing_mark_write":
      return { kind: "marker", atNs, text };
    case "inet_sock_set_state":
      return readTransition(fieldsOf(text), atNs);
    case "tcp_retransmit_skb":
    case "tcp_retransmit_synack":
      return readSegment("retransmission", fieldsOf(text), atNs);
    case "tcp_send_reset":
      return readSegment("reset sent", fieldsOf(text), atNs);
    case "tcp_receive_reset":
      return readSegment("reset received", fieldsOf(text), atNs);
    default:
      return undefined;
  }
}

type Fields = ReadonlyMap<string, string>;

function fieldsOf(text: string): Fields {
  return new Map(
    text.split(" ").map((word): [string, string] => {
      const equals = word.indexOf("=");
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

/** The kernel's names (include/net/tcp_states.h). A connection that is only being asked for has two: RFC 9293 has one. */
const states = new Map<string, TcpState>([
  ["TCP_LISTEN", "LISTEN"],
  ["TCP_SYN_SENT", "SYN-SENT"],
  ["TCP_SYN_RECV", "SYN-RECEIVED"],
  ["TCP_NEW_SYN_RECV", "SYN-RECEIVED"],
  ["TCP_ESTABLISHED", "ESTABLISHED"],
  ["TCP_FIN_WAIT1", "FIN-WAIT-1"],
  ["TCP_FIN_WAIT2", "FIN-WAIT-2"],
  ["TCP_CLOSE_WAIT", "CLOSE-WAIT"],
  ["TCP_CLOSING", "CLOSING"],
  ["TCP_LAST_ACK", "LAST-ACK"],
  ["TCP_TIME_WAIT", "TIME-WAIT"],
  ["TCP_CLOSE", "CLOSED"],
]);

function readTransition(fields: Fields, atNs: number): TransitionEvent | undefined {
  const ends = readEnds(fields);
  const from = states.get(fields.get("oldstate") ?? "");
  const to = states.get(fields.get("newstate") ?? "");
  // The tracepoint tells of SCTP and MPTCP sockets too.
  if (!ends || !from || !to || fields.get("protocol") !== "IPPROTO_TCP") return undefined;
  return { kind: "transition", atNs, ...ends, from, to };
}

function readSegment(kind: SegmentEvent["kind"], fields: Fields, atNs: number): SegmentEvent | undefined {
  // Newer kernels tell of a retransmission that could not leave too, with its error: it was none.
  if ((fields.get("err") ?? "0") !== "0") return undefined;
  const ends = readEnds(fields);
  return ends && { kind, atNs, ...ends };
}

/** Two notations: `src=[::1]:80 dest=…` of newer kernels' tcp_send_reset, and `sport=80 … saddrv6=::1 …` of all else. */
function readEnds(fields: Fields): Pick<SeenOfSocket, "local" | "peer"> | undefined {
  const local = readEnd(fields.get("src") ?? joined(fields.get("saddrv6"), fields.get("sport")));
  const peer = readEnd(fields.get("dest") ?? joined(fields.get("daddrv6"), fields.get("dport")));
  return local && peer && { local, peer };
}

/** `saddrv6` is right for IPv4 too, as a mapped address; `saddr` is garbage for IPv6. */
function joined(address: string | undefined, port: string | undefined): string {
  return `[${address}]:${port}`;
}

function readEnd(text: string): SocketAddress | undefined {
  const end = readAddress(text);
  if (end === undefined) return undefined;
  const address = end.address.replace(/^::ffff:(?=.*\.)/, "");
  return { address: address === "::" || address === "0.0.0.0" ? "*" : address, port: end.port };
}
