import type { Segment } from "../../model/segment.ts";
import { AddressBook } from "./addresses.ts";
import { readDatagram } from "./datagram.ts";
import { type FileHeader, fileHeaderBytes, readFileHeader, unreadable } from "./file-header.ts";
import { readIp } from "./ip.ts";
import type { Direction } from "./link.ts";
import { u32, u32Little } from "./numbers.ts";
import { readSegment } from "./segment.ts";

const recordHeaderBytes = 16;
/** The most that libpcap captures of a packet. A larger number is no length: the stream is damaged. */
const mostCapturedBytes = 256 * 1024;

const tcp = 6;
const udp = 17;

/** One record of a capture. */
export interface PcapRecord {
  /** Microseconds since 1970, with a fraction where the file has nanoseconds (a number holds it to a quarter of one). */
  readonly wallUs: number;
  readonly direction: Direction;
  /** The frame's length on the wire, link header included, captured or not. */
  readonly originalBytes: number;
  /** The record as captured, with its own header of 16 bytes. A view that is valid only during the call. */
  readonly bytes: Uint8Array;
}

/** Who is told what a capture holds, in its order. A handler that throws ends the decoder's use: the rest of that chunk is lost. */
export interface PcapHandlers {
  segment(segment: Segment, record: PcapRecord): void;
  /** `payload` is as far as it was captured, and valid only during the call. */
  datagram(
    payload: Uint8Array,
    ports: { readonly source: number; readonly destination: number },
    record: PcapRecord,
  ): void;
}

/**
 * Decodes a pcap file that comes in chunks cut anywhere. Any bytes give segments or FINWAIT_CAPTURE_UNREADABLE, and after
 * that error every further call gives it again. Holds one unfinished record at most (256 KiB), and copies only that.
 */
export class PcapDecoder {
  readonly #handlers: PcapHandlers;
  readonly #book = new AddressBook();
  #file: FileHeader | undefined;
  #header: Uint8Array | undefined;
  #held = new Uint8Array(4096);
  #heldBytes = 0;
  #skipped = 0;
  /** How many bytes of the file were decoded. */
  #decoded = 0;
  #failure: unknown;

  constructor(handlers: PcapHandlers) {
    this.#handlers = handlers;
  }

  /** The 24 bytes that the file began with, once they were seen: what further files of the same records begin with. */
  get header(): Uint8Array | undefined {
    return this.#header;
  }

  /** Records without a TCP or UDP header that is whole: other protocols, later fragments, frames that were cut too short. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Decodes what `chunk` completes. The chunk may be reused afterwards. Throws FINWAIT_CAPTURE_UNREADABLE. */
  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    // A Buffer is another class: everything below is faster when it meets only one.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = this.#completeHeld(bytes);
    for (;;) {
      const needed = this.#needed(bytes, at, bytes.length);
      if (bytes.length - at < needed) break;
      this.#decode(bytes, at, at + needed);
      at += needed;
    }
    this.#hold(bytes, at, bytes.length);
  }

  /** Says that nothing more comes. Throws FINWAIT_CAPTURE_UNREADABLE when the input ended inside a record, or had no header. */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#file !== undefined && this.#heldBytes === 0) return;
    const needed = this.#needed(this.#held, 0, this.#heldBytes);
    const what = this.#file === undefined ? "the file's header" : "a record";
    this.#fail(`The capture ended inside ${what}, after ${this.#heldBytes} of ${needed} bytes or more`);
  }

  /** Adds to what an earlier chunk began until it is whole; answers how much of this chunk that took. */
  #completeHeld(bytes: Uint8Array): number {
    let at = 0;
    while (this.#heldBytes > 0) {
      const needed = this.#needed(this.#held, 0, this.#heldBytes);
      if (this.#heldBytes === needed) {
        this.#heldBytes = 0;
        this.#decode(this.#held, 0, needed);
        break;
      }
      if (at === bytes.length) break;
      const until = Math.min(at + needed - this.#heldBytes, bytes.length);
      this.#hold(bytes, at, until);
      at = until;
    }
    return at;
  }

  #hold(bytes: Uint8Array, at: number, until: number): void {
    if (at === until) return;
    const total = this.#heldBytes + until - at;
    if (total > this.#held.length) {
      const larger = new Uint8Array(Math.max(total, Math.min(2 * total, recordHeaderBytes + mostCapturedBytes)));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(at, until), this.#heldBytes);
    this.#heldBytes = total;
  }

  /** How many bytes the file header or the record at `at` has; at least, as long as too few are there to say. */
  #needed(bytes: Uint8Array, at: number, end: number): number {
    if (this.#file === undefined) return fileHeaderBytes;
    if (end - at < recordHeaderBytes) return recordHeaderBytes;
    const { isLittle, unitsPerSecond } = this.#file;
    const captured = isLittle ? u32Little(bytes, at + 8) : u32(bytes, at + 8);
    const original = isLittle ? u32Little(bytes, at + 12) : u32(bytes, at + 12);
    const fraction = isLittle ? u32Little(bytes, at + 4) : u32(bytes, at + 4);
    if (captured > mostCapturedBytes || captured > original) {
      return this.#fail(`A record claims ${captured} captured bytes of ${original}`);
    }
    if (fraction >= unitsPerSecond) {
      return this.#fail(`A record claims a time ${fraction} parts of ${unitsPerSecond} behind its second`);
    }
    return recordHeaderBytes + captured;
  }

  #decode(bytes: Uint8Array, at: number, end: number): void {
    if (this.#file === undefined) this.#readHeader(bytes, at, end);
    else if (!this.#tell(this.#file, bytes, at, end)) this.#skipped += 1;
    this.#decoded += end - at;
  }

  #readHeader(bytes: Uint8Array, at: number, end: number): void {
    try {
      this.#file = readFileHeader(bytes, at);
      this.#header = bytes.slice(at, end);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Whether a handler was told. */
  #tell(file: FileHeader, bytes: Uint8Array, at: number, end: number): boolean {
    const frame = at + recordHeaderBytes;
    const ip = file.link.ipAt(bytes, frame, end);
    const original = file.isLittle ? u32Little(bytes, at + 12) : u32(bytes, at + 12);
    const packet = ip < 0 ? undefined : readIp(bytes, ip, end, original - (ip - frame));
    if (packet?.protocol === tcp) {
      const segment = readSegment(bytes, packet, end, this.#book);
      if (segment !== undefined) this.#handlers.segment(segment, record(file, bytes, at, end));
      return segment !== undefined;
    }
    if (packet?.protocol === udp) {
      const datagram = readDatagram(bytes, packet, end);
      if (datagram !== undefined) {
        this.#handlers.datagram(datagram.payload, datagram.ports, record(file, bytes, at, end));
      }
      return datagram !== undefined;
    }
    return false;
  }

  #fail(what: string): never {
    this.#failure = unreadable(`${what}, at byte ${this.#decoded}.`);
    throw this.#failure;
  }
}

function record(file: FileHeader, bytes: Uint8Array, at: number, end: number): PcapRecord {
  const read = file.isLittle ? u32Little : u32;
  return {
    wallUs: read(bytes, at) * 1e6 + read(bytes, at + 4) / (file.unitsPerSecond / 1e6),
    direction: file.link.direction(bytes, at + recordHeaderBytes),
    originalBytes: read(bytes, at + 12),
    bytes: bytes.subarray(at, end),
  };
}
