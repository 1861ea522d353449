import type { IpPacket } from "./ip.ts";
import { u16 } from "./numbers.ts";

/** A UDP datagram, its payload as far as it was captured. */
export interface Datagram {
  readonly payload: Uint8Array;
  readonly ports: { readonly source: number; readonly destination: number };
}

/** Reads the UDP datagram in a packet; undefined when its header is none, or was not captured to `end` whole. */
export function readDatagram(bytes: Uint8Array, packet: IpPacket, end: number): Datagram | undefined {
  const { payloadAt: at, payloadBytes } = packet;
  if (at + 8 > end) return undefined;
  // RFC 2675 §4: a jumbogram's length does not fit, and says 0.
  const length = u16(bytes, at + 4) || payloadBytes;
  if (length < 8 || (length > payloadBytes && packet.isComplete)) return undefined;
  return {
    payload: bytes.subarray(at + 8, Math.min(at + length, at + payloadBytes, end)),
    ports: { source: u16(bytes, at), destination: u16(bytes, at + 2) },
  };
}
