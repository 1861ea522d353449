import type { TcpFlag } from "../model/segment.ts";

/**
 * The segments that can be lost, named as a teacher would. "handshake ACK" is the third segment and everything else that
 * would complete the handshake; "ACK of FIN" is whatever acknowledges a FIN that has left: the bare ACK and any later
 * segment, for each carries that number; "bare ACK" is an acknowledgment that carries nothing else.
 */
export const losableSegments = [
  "SYN",
  "SYN+ACK",
  "handshake ACK",
  "FIN",
  "ACK of FIN",
  "bare ACK",
  "RST",
  "data",
  "everything",
] as const;

export type LosableSegment = (typeof losableSegments)[number];

/** One direction of one or all connections of a listener, in ports; an absent port matches any. */
export interface Direction {
  readonly fromPort?: number;
  readonly toPort?: number;
}

/** The nft expression that matches the segments of one direction as they arrive. */
export function matchSegment(segment: LosableSegment, direction: Direction): string {
  return `${matchPorts(direction)} ${matchFlags(segment)}`.trim();
}

export function matchPorts({ fromPort, toPort }: Direction): string {
  const source = fromPort === undefined ? [] : [`tcp sport ${fromPort}`];
  const destination = toPort === undefined ? [] : [`tcp dport ${toPort}`];
  return [...source, ...destination].join(" ");
}

/** The same question asked of a captured segment, as far as flags can answer it. */
export function canMatch(segment: LosableSegment, flags: readonly TcpFlag[]): boolean {
  const has = (...wanted: readonly TcpFlag[]) => wanted.every((flag) => flags.includes(flag));
  const hasAny = (...unwanted: readonly TcpFlag[]) => unwanted.some((flag) => flags.includes(flag));
  switch (segment) {
    case "SYN":
      return has("SYN") && !has("ACK");
    case "SYN+ACK":
      return has("SYN", "ACK");
    case "handshake ACK":
      return has("ACK") && !hasAny("SYN", "RST");
    case "FIN":
      return has("FIN");
    case "ACK of FIN":
      return has("ACK") && !has("SYN");
    case "bare ACK":
      return has("ACK") && !hasAny("SYN", "FIN", "RST", "PSH");
    case "RST":
      return has("RST");
    case "data":
      return has("PSH") && !hasAny("SYN", "FIN", "RST");
    case "everything":
      return true;
  }
  segment satisfies never;
}

function matchFlags(segment: LosableSegment): string {
  switch (segment) {
    case "SYN":
      return "tcp flags & (syn | ack) == syn";
    case "SYN+ACK":
      return "tcp flags & (syn | ack) == (syn | ack)";
    case "handshake ACK":
      return "tcp flags & (syn | ack | rst) == ack";
    case "FIN":
      return "tcp flags & fin == fin";
    case "ACK of FIN":
      return "tcp sport . tcp dport @closing tcp flags & (syn | ack) == ack";
    case "bare ACK":
      return "tcp flags & (syn | fin | rst | psh | ack) == ack";
    case "RST":
      return "tcp flags & rst == rst";
    case "data":
      // PSH or more payload than options could pad: the length of IP minus both headers is beyond nft, the flag is not.
      return "tcp flags & (syn | fin | rst | psh) == psh";
    case "everything":
      return "meta l4proto tcp";
  }
  segment satisfies never;
}
