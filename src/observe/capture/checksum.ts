import type { IpPacket } from "./ip.ts";

/**
 * Whether the transport's checksum is right over pseudo-header, header and data (RFC 9293 §3.1, RFC 8200 §8.1). All of it
 * must have been captured. What Linux sends often has only the pseudo-header's part when it is captured, because the
 * network card is to do the rest: that is not right.
 */
export function checksumIsRight(bytes: Uint8Array, packet: IpPacket): boolean {
  const { version, start, protocol, payloadAt, payloadBytes } = packet;
  const addresses = version === 4 ? sum(bytes, start + 12, 8) : sum(bytes, start + 8, 32);
  const total = addresses + protocol + payloadBytes + sum(bytes, payloadAt, payloadBytes);
  // A sum in ones' complement is a sum modulo 0xffff, and of a right segment it is 0 (as 0xffff: the protocol is not 0).
  return total % 0xffff === 0;
}

/** The sum of the 16-bit words; high and low bytes apart, as each sum then stays a small integer. */
function sum(bytes: Uint8Array, at: number, length: number): number {
  let high = 0;
  let low = 0;
  const even = at + (length & ~1);
  for (let index = at; index < even; index += 2) {
    high += bytes[index] ?? 0;
    low += bytes[index + 1] ?? 0;
  }
  if (length % 2 === 1) high += bytes[even] ?? 0;
  return high * 256 + low;
}
