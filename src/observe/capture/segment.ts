import { type Segment, type TcpFlag, tcpFlags } from "../../model/segment.ts";
import type { AddressBook } from "./addresses.ts";
import { checksumIsRight } from "./checksum.ts";
import type { IpPacket } from "./ip.ts";
import { u16, u32 } from "./numbers.ts";
import { readOptions } from "./options.ts";

type Draft = { -readonly [Name in keyof Segment]: Segment[Name] };

/** The flags of every value that the header's byte of control bits can have; segments share these lists. */
const flagLists: readonly (readonly TcpFlag[])[] = Array.from({ length: 256 }, (_, bits) =>
  Object.freeze(tcpFlags.filter((_, bit) => (bits >> bit) & 1)),
);
const noFlags: readonly TcpFlag[] = Object.freeze([]);

/** Reads the TCP segment in a packet; undefined when its header is none, or was not captured to `end` whole. */
export function readSegment(bytes: Uint8Array, packet: IpPacket, end: number, book: AddressBook): Segment | undefined {
  const { version, start, payloadAt: at, payloadBytes } = packet;
  const headerBytes = ((bytes[at + 12] ?? 0) >> 4) * 4;
  if (headerBytes < 20 || headerBytes > payloadBytes || at + headerBytes > end) return undefined;
  const from = u16(bytes, at);
  const to = u16(bytes, at + 2);
  const segment: Draft = {
    source: version === 4 ? book.ipv4(bytes, start + 12, from) : book.ipv6(bytes, start + 8, from),
    destination: version === 4 ? book.ipv4(bytes, start + 16, to) : book.ipv6(bytes, start + 24, to),
    flags: flagLists[bytes[at + 13] ?? 0] ?? noFlags,
    sequence: u32(bytes, at + 4),
    acknowledgment: u32(bytes, at + 8),
    window: u16(bytes, at + 14),
    checksum: u16(bytes, at + 16),
    urgentPointer: u16(bytes, at + 18),
    reserved: (bytes[at + 12] ?? 0) & 0x0f,
    headerBytes,
    ipHeaderBytes: at - start,
    options: readOptions(bytes, at + 20, at + headerBytes),
    payloadBytes: payloadBytes - headerBytes,
  };
  if (packet.isComplete && at + payloadBytes <= end) segment.checksumIsRight = checksumIsRight(bytes, packet);
  return segment;
}
