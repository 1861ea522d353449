import type { SocketAddress } from "./socket.ts";

/** TCP's control bits, in the order in which the header has them from the right (RFC 9293 §3.1). */
export const tcpFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const;

export type TcpFlag = (typeof tcpFlags)[number];

/** A TCP header's options by name; absent ones were not there. */
export interface TcpOptions {
  /** Maximum segment size, in bytes (RFC 9293 §3.7.1). */
  readonly mss?: number;
  /** The shift count (RFC 7323 §2). */
  readonly windowScale?: number;
  readonly sackPermitted?: true;
  /** Blocks of absolute sequence numbers, right edges exclusive (RFC 2018). */
  readonly sack?: readonly { readonly left: number; readonly right: number }[];
  /** RFC 7323 §3. */
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** The cookie's length in bytes; 0 is a request for one (RFC 7413). */
  readonly fastOpen?: { readonly cookieBytes: number };
  /** Options that finwait has no name for: kind, and length with its two bytes of header. */
  readonly others?: readonly { readonly kind: number; readonly bytes: number }[];
  /** Bytes that are padding: NOPs, the end of the list, and the zeros behind it; absent when there are none. */
  readonly paddingBytes?: number;
  /** The list runs over the header's end, or an option's length is none that it can have. */
  readonly malformed?: true;
}

/** One TCP segment as captured. Sequence numbers are the wire's own, absolute. */
export interface Segment {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
  readonly flags: readonly TcpFlag[];
  readonly sequence: number;
  readonly acknowledgment: number;
  /** As in the header: not scaled. */
  readonly window: number;
  readonly checksum: number;
  /** Whether the checksum is that of the segment; absent when the capture cut the segment short. */
  readonly checksumIsRight?: boolean;
  readonly urgentPointer: number;
  /** The four reserved bits of RFC 9293 §3.1 as a number. */
  readonly reserved: number;
  /** The data offset in bytes: 20 to 60. */
  readonly headerBytes: number;
  /** IPv4's header with its options, or IPv6's with its extension headers. */
  readonly ipHeaderBytes: number;
  readonly options: TcpOptions;
  readonly payloadBytes: number;
}
