import { u16 } from "./numbers.ts";

/** An IP packet whose headers were captured whole. Places are indices into the captured bytes. */
export interface IpPacket {
  readonly version: 4 | 6;
  readonly start: number;
  /** The protocol above IP: 6 is TCP, 17 is UDP. */
  readonly protocol: number;
  readonly payloadAt: number;
  /** As IP's header has it, captured or not; the link's padding is not in it. */
  readonly payloadBytes: number;
  /** No fragment, and not on its way to an intermediate address: the transport's checksum is over what is here. */
  readonly isComplete: boolean;
}

const hopByHop = 0;
const routing = 43;
const fragment = 44;
const destinationOptions = 60;

/**
 * Reads the packet at `start`; undefined for what is none, later fragments, and headers of IP that the capture cut short.
 * `wireBytes` is its length on the wire, padding included: it counts where the header says 0, because the kernel has not
 * cut a large send into segments yet (TSO, BIG TCP, RFC 2675).
 */
export function readIp(bytes: Uint8Array, start: number, end: number, wireBytes: number): IpPacket | undefined {
  const version = (bytes[start] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes, start, end, wireBytes);
  return version === 6 ? readIpv6(bytes, start, end, wireBytes) : undefined;
}

function readIpv4(bytes: Uint8Array, start: number, end: number, wireBytes: number): IpPacket | undefined {
  const headerBytes = ((bytes[start] ?? 0) & 0x0f) * 4;
  const totalBytes = u16(bytes, start + 2) || wireBytes;
  if (headerBytes < 20 || start + headerBytes > end || totalBytes < headerBytes) return undefined;
  const moreFragmentsAndOffset = u16(bytes, start + 6) & 0x3fff;
  if ((moreFragmentsAndOffset & 0x1fff) !== 0) return undefined;
  return {
    version: 4,
    start,
    protocol: bytes[start + 9] ?? 0,
    payloadAt: start + headerBytes,
    payloadBytes: totalBytes - headerBytes,
    isComplete: moreFragmentsAndOffset === 0,
  };
}

function readIpv6(bytes: Uint8Array, start: number, end: number, wireBytes: number): IpPacket | undefined {
  if (start + 40 > end) return undefined;
  const behindHeader = u16(bytes, start + 4);
  const packetBytes = behindHeader === 0 ? wireBytes : 40 + behindHeader;
  let protocol = bytes[start + 6] ?? 0;
  let at = start + 40;
  let isComplete = true;
  while (protocol === hopByHop || protocol === routing || protocol === fragment || protocol === destinationOptions) {
    if (at + 8 > end) return undefined;
    if (protocol === fragment) {
      const offsetAndMore = u16(bytes, at + 2) & 0xfff9;
      if ((offsetAndMore & 0xfff8) !== 0) return undefined;
      if (offsetAndMore !== 0) isComplete = false;
    }
    // RFC 8200 §8.1: the pseudo-header has the last destination, which is not in IP's header while segments are left.
    if (protocol === routing && bytes[at + 3] !== 0) isComplete = false;
    const headerBytes = protocol === fragment ? 8 : ((bytes[at + 1] ?? 0) + 1) * 8;
    protocol = bytes[at] ?? 0;
    at += headerBytes;
  }
  const payloadBytes = start + packetBytes - at;
  if (payloadBytes < 0) return undefined;
  return { version: 6, start, protocol, payloadAt: at, payloadBytes, isComplete };
}
