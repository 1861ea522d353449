import { FinwaitError } from "../../model/errors.ts";
import { type Link, linkTypes } from "./link.ts";
import { u32, u32Little } from "./numbers.ts";

/** The length of a pcap file's header. */
export const fileHeaderBytes = 24;

/** What a file's header says about every record in it. */
export interface FileHeader {
  /** Whether the machine that wrote the file puts the lowest byte of a number first. */
  readonly isLittle: boolean;
  /** How many units of a record's fraction make a second: 1e6 or 1e9. */
  readonly unitsPerSecond: number;
  readonly link: Link;
}

const microseconds = 0xa1b2c3d4;
const nanoseconds = 0xa1b23c4d;
const pcapng = 0x0a0d0d0a;

/** Reads the 24 bytes at `at` (draft-ietf-opsawg-pcap §4). Throws FINWAIT_CAPTURE_UNREADABLE. */
export function readFileHeader(bytes: Uint8Array, at: number): FileHeader {
  const isLittle = isMagic(u32Little(bytes, at));
  const read = isLittle ? u32Little : u32;
  const magic = read(bytes, at);
  if (!isMagic(magic)) throw unreadable(`A pcap file does not begin with ${hexadecimal(magic)}${hint(magic)}.`);
  const version = read(bytes, at + 4);
  const major = isLittle ? version & 0xffff : version >>> 16;
  const minor = isLittle ? version >>> 16 : version & 0xffff;
  // Files before 2.4 have a record's two lengths in either order, depending on who wrote them.
  if (major !== 2 || minor !== 4) throw unreadable(`The capture is pcap ${major}.${minor}; finwait reads 2.4.`);
  // The upper six bits say how long a frame check sequence is: it stands behind the packet, where nobody looks.
  const type = read(bytes, at + 20) & 0x03ffffff;
  const link = linkTypes.get(type);
  if (link === undefined) {
    throw unreadable(`The capture has link type ${type}; finwait reads ${[...linkTypes.keys()].join(", ")}.`);
  }
  return { isLittle, unitsPerSecond: magic === nanoseconds ? 1e9 : 1e6, link };
}

/** Always ends with what to do: whoever meets it has a file or a stream that nobody can mend. */
export function unreadable(message: string): FinwaitError {
  return new FinwaitError("FINWAIT_CAPTURE_UNREADABLE", `${message} Capture again with tcpdump -w.`);
}

function isMagic(magic: number): boolean {
  return magic === microseconds || magic === nanoseconds;
}

function hint(magic: number): string {
  return magic === pcapng ? ", which is pcapng" : "";
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
