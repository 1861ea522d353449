import { isIPv4 } from "node:net";
import { type Segment, type TcpOptions, tcpFlags } from "../../../../src/model/segment.ts";

/** What a capture has in it: the decoder's other direction, for tests and bench. */
export type Bytes = readonly number[];

export const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];

/** The options in the order in which Linux writes them, filled up with NOPs, or with an end of list where one byte is left. */
export function encodeOptions(options: TcpOptions): number[] {
  const list = withoutFilling(options);
  while (list.length % 4 !== 0) list.push(list.length % 4 === 3 ? 0 : 1);
  return list;
}

/** The same options with the padding that encodeOptions gives them. */
export function padded(options: TcpOptions): TcpOptions {
  const { length } = withoutFilling(options);
  const paddingBytes = encodeOptions(options).length - length + (options.windowScale === undefined ? 0 : 1);
  return paddingBytes === 0 ? options : { ...options, paddingBytes };
}

function withoutFilling(options: TcpOptions): number[] {
  const list: number[] = [];
  if (options.mss !== undefined) list.push(2, 4, ...u16(options.mss));
  if (options.sackPermitted) list.push(4, 2);
  if (options.timestamps) list.push(8, 10, ...u32(options.timestamps.value), ...u32(options.timestamps.echo));
  if (options.windowScale !== undefined) list.push(1, 3, 3, options.windowScale);
  if (options.fastOpen) {
    list.push(34, 2 + options.fastOpen.cookieBytes, ...new Array(options.fastOpen.cookieBytes).fill(7));
  }
  if (options.sack) {
    list.push(
      5,
      2 + 8 * options.sack.length,
      ...options.sack.flatMap(({ left, right }) => [...u32(left), ...u32(right)]),
    );
  }
  for (const { kind, bytes } of options.others ?? []) list.push(kind, bytes, ...new Array(bytes - 2).fill(9));
  return list;
}

/** The TCP segment with its checksum as `segment` has it. */
export function encodeTcp(segment: Segment, options: Bytes, payload: Bytes): number[] {
  const flags = segment.flags.reduce((bits, flag) => bits | (1 << tcpFlags.indexOf(flag)), 0);
  return [
    ...u16(segment.source.port),
    ...u16(segment.destination.port),
    ...u32(segment.sequence),
    ...u32(segment.acknowledgment),
    ((20 + options.length) << 2) | segment.reserved,
    flags,
    ...u16(segment.window),
    ...u16(segment.checksum),
    ...u16(segment.urgentPointer),
    ...options,
    ...payload,
  ];
}

/** The address in network order: whole numbers for IPv4; for IPv6 eight groups, `::` and an embedded IPv4 address allowed. */
export function encodeAddress(text: string): number[] {
  if (isIPv4(text)) return text.split(".").map(Number);
  const groups = (part: string | undefined): number[] =>
    (part ?? "").split(":").flatMap((group) => {
      if (group === "") return [];
      return group.includes(".") ? encodeAddress(group) : u16(Number.parseInt(group, 16));
    });
  const [head, tail] = text.split("::");
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...new Array(16 - before.length - after.length).fill(0), ...after];
}

export interface IpFields {
  readonly source: string;
  readonly destination: string;
  readonly protocol?: number;
  /** Header fields that a test sets wrong or special. */
  readonly length?: number;
  readonly fragment?: number;
  /** IPv4 options, or IPv6 extension headers (whose first number `next` then is). */
  readonly extra?: Bytes;
  readonly next?: number;
}

export function encodeIp(fields: IpFields, payload: Bytes): number[] {
  const { extra = [], protocol = 6 } = fields;
  const addresses = [...encodeAddress(fields.source), ...encodeAddress(fields.destination)];
  if (addresses.length === 32) {
    const length = fields.length ?? extra.length + payload.length;
    return [0x60, 0, 0, 0, ...u16(length), fields.next ?? protocol, 64, ...addresses, ...extra, ...payload];
  }
  const length = fields.length ?? 20 + extra.length + payload.length;
  const first = [0x45 + extra.length / 4, 0, ...u16(length), 0, 1, ...u16(fields.fragment ?? 0x4000)];
  return [...first, 64, protocol, 0, 0, ...addresses, ...extra, ...payload];
}

/** RFC 1071, written another way than the decoder's: add, and carry around. */
export function internetChecksum(bytes: Bytes): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) {
    sum += index % 2 === 0 ? byte << 8 : byte;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum ^ 0xffff;
}

/** `segment` with the checksum that it must have. */
export function withChecksum(segment: Segment, options: Bytes, payload: Bytes): Segment {
  const bytes = encodeTcp({ ...segment, checksum: 0 }, options, payload);
  const addresses = [...encodeAddress(segment.source.address), ...encodeAddress(segment.destination.address)];
  return { ...segment, checksum: internetChecksum([...addresses, 0, 6, ...u32(bytes.length), ...bytes]) };
}

export interface FileFields {
  readonly linkType: number;
  readonly order?: "little" | "big";
  readonly isNano?: boolean;
}

export interface RecordFields {
  readonly frame: Bytes;
  readonly seconds?: number;
  readonly fraction?: number;
  /** How many bytes of the frame were captured; left out: all. */
  readonly captured?: number;
  readonly original?: number;
}

export function encodeFile(
  { linkType, order = "little", isNano = false }: FileFields,
  records: readonly RecordFields[],
) {
  const word = (value: number) => (order === "big" ? u32(value) : u32(value).reverse());
  const version = order === "big" ? [0, 2, 0, 4] : [2, 0, 4, 0];
  const header = [...word(isNano ? 0xa1b23c4d : 0xa1b2c3d4), ...version, ...word(0), ...word(0), ...word(262144)];
  const bodies = records.map(
    ({ frame, seconds = 1, fraction = 2, captured = frame.length, original = frame.length }) => [
      ...[seconds, fraction, captured, original].flatMap(word),
      ...frame.slice(0, captured),
    ],
  );
  return Uint8Array.from([...header, ...word(linkType), ...bodies.flat()]);
}

export const frames = {
  ethernet: (ip: Bytes, tags: Bytes = []): number[] => [...new Array(12).fill(2), ...tags, ...etherType(ip), ...ip],
  cooked: (ip: Bytes, type = 0): number[] => [
    ...u16(type),
    0,
    1,
    0,
    6,
    ...new Array(8).fill(3),
    ...etherType(ip),
    ...ip,
  ],
  cooked2: (ip: Bytes, type = 0): number[] => [
    ...etherType(ip),
    ...[0, 0, 0, 0, 0, 2, 0, 1, type, 6],
    ...new Array(8).fill(3),
    ...ip,
  ],
};

function etherType(ip: Bytes): number[] {
  return (ip[0] ?? 0) >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd];
}
