import { u16 } from "./numbers.ts";

/** As the capturing host saw it; only Linux's cooked headers tell. */
export type Direction = "in" | "out" | "unknown";

/** How frames of one link type begin. */
export interface Link {
  /** Where the IP header begins in the frame from `at` to `end`, with its first byte captured; -1 where there is none. */
  readonly ipAt: (bytes: Uint8Array, at: number, end: number) => number;
  readonly direction: (bytes: Uint8Array, at: number) => Direction;
}

const ipv4 = 0x0800;
const ipv6 = 0x86dd;
/** 802.1Q, 802.1ad, and the number that switches used before it. */
const tags: readonly number[] = [0x8100, 0x88a8, 0x9100];
/** AF_INET6 on Linux, NetBSD and OpenBSD, FreeBSD, Darwin: the writer's own number stands in the file. */
const families6: readonly number[] = [10, 24, 28, 30];

const ethernet: Link = { ipAt: (bytes, at, end) => behindType(bytes, at + 12, at + 14, end), direction: unknown };
const raw: Link = { ipAt: (bytes, at, end) => (at < end && version(bytes, at) !== 0 ? at : -1), direction: unknown };
const loopback: Link = { ipAt: behindFamily, direction: unknown };
const cooked: Link = {
  ipAt: (bytes, at, end) => behindType(bytes, at + 14, at + 16, end),
  direction: (bytes, at) => packetType(u16(bytes, at)),
};
const cooked2: Link = {
  ipAt: (bytes, at, end) => behindType(bytes, at, at + 20, end),
  direction: (bytes, at) => packetType(bytes[at + 10] ?? 0),
};

/** By the number in the file's header (https://www.tcpdump.org/linktypes.html). */
export const linkTypes: ReadonlyMap<number, Link> = new Map([
  [0, loopback],
  [1, ethernet],
  [12, raw],
  [14, raw],
  [101, raw],
  [108, loopback],
  [113, cooked],
  [228, onlyVersion(4)],
  [229, onlyVersion(6)],
  [276, cooked2],
]);

/** An EtherType at `typeAt`, what it announces at `at`. Each tag holds two bytes of its own and the type of what follows. */
function behindType(bytes: Uint8Array, typeAt: number, at: number, end: number): number {
  let type = u16(bytes, typeAt);
  let ip = at;
  while (tags.includes(type) && ip + 4 < end) {
    type = u16(bytes, ip + 2);
    ip += 4;
  }
  if (ip >= end) return -1;
  const announced = type === ipv4 ? 4 : type === ipv6 ? 6 : -1;
  return version(bytes, ip) === announced ? ip : -1;
}

/** NULL has the family in the byte order of whoever wrote it, LOOP in the network's. */
function behindFamily(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 >= end || u16(bytes, at + 1) !== 0) return -1;
  const family = (bytes[at] ?? 0) + (bytes[at + 3] ?? 0);
  const announced = family === 2 ? 4 : families6.includes(family) ? 6 : -1;
  return version(bytes, at + 4) === announced ? at + 4 : -1;
}

function onlyVersion(only: number): Link {
  return { ipAt: (bytes, at, end) => (at < end && version(bytes, at) === only ? at : -1), direction: unknown };
}

/** 0 for what is neither IPv4 nor IPv6. */
function version(bytes: Uint8Array, at: number): number {
  const number = (bytes[at] ?? 0) >> 4;
  return number === 4 || number === 6 ? number : 0;
}

/** Linux's PACKET_HOST, _BROADCAST and _MULTICAST came in; what was for another host (3) did not concern this one. */
function packetType(type: number): Direction {
  if (type === 4) return "out";
  return type < 3 ? "in" : "unknown";
}

function unknown(): Direction {
  return "unknown";
}
