import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Segment, TcpFlag, TcpOptions } from "../src/model/segment.ts";
import { PcapDecoder } from "../src/observe/capture/decoder.ts";
import {
  encodeFile,
  encodeIp,
  encodeOptions,
  encodeTcp,
  frames,
  type RecordFields,
  withChecksum,
} from "../tests/unit/observe/capture/encode.ts";
import { type Row, seconds } from "./table.ts";

const fileBytes = 100e6;
const snapshotBytes = 192;
const mebibyte = 2 ** 20;

/** A capture of 100 MB as `tcpdump -i any -s 192` writes it, read from a file and decoded: how long, and what it adds to memory. */
export async function measurePcap(): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "finwait-pcap-"));
  try {
    const file = join(folder, "capture.pcap");
    await write(file);
    const { segments, durationMs, growthBytes } = await decode(file);
    return {
      figure: `a capture of 100 MB decoded, ${segments} segments; what it added to memory at most`,
      measured: `${seconds(durationMs)}, ${Math.round(growthBytes / mebibyte)} MiB`,
      atMost: "2 s, 32 MiB",
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function decode(file: string) {
  let segments = 0;
  const decoder = new PcapDecoder({
    segment: () => {
      segments += 1;
    },
    datagram: () => {},
  });
  const before = process.memoryUsage.rss();
  let peak = before;
  const begun = performance.now();
  for await (const chunk of createReadStream(file)) {
    decoder.push(chunk);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  decoder.finish();
  return { segments, durationMs: performance.now() - begun, growthBytes: peak - before };
}

async function write(file: string): Promise<void> {
  const [header, block] = sample();
  await using handle = await open(file, "w");
  await handle.write(header);
  for (let written = header.length; written < fileBytes; written += block.length) await handle.write(block);
}

/** A file's header, and 10,000 records of 64 connections: mostly ACKs, data from few bytes to 64 KiB, every tenth over IPv6. */
function sample(): readonly [Uint8Array, Uint8Array] {
  const records = Array.from({ length: 10_000 }, (_, index) => sampleRecord(index));
  const bytes = encodeFile({ linkType: 276 }, records);
  return [bytes.subarray(0, 24), bytes.subarray(24)];
}

function sampleRecord(index: number): RecordFields {
  const connection = index % 64;
  const isRequest = (index >> 6) % 2 === 0;
  const subnet = connection % 10 === 0 ? "fd77::" : "10.77.0.";
  const client = { address: `${subnet}1`, port: 10_000 + connection };
  const server = { address: `${subnet}2`, port: 20_000 + connection };
  const { flags, options, payloadBytes } = sampleKind(index);
  const list = encodeOptions(options);
  const draft: Segment = {
    source: isRequest ? client : server,
    destination: isRequest ? server : client,
    flags,
    sequence: (index * 7919 * 1460) >>> 0,
    acknowledgment: (index * 104_729) >>> 0,
    window: 502,
    checksum: 0xfe30,
    urgentPointer: 0,
    reserved: 0,
    headerBytes: 20 + list.length,
    ipHeaderBytes: 0,
    options,
    payloadBytes,
  };
  // Of what is longer than the snapshot only the beginning is ever written.
  const payload: number[] = new Array(Math.min(payloadBytes, snapshotBytes)).fill(index & 0xff);
  const tcp = encodeTcp(withChecksum(draft, list, payload), list, payload);
  const ends = { source: draft.source.address, destination: draft.destination.address };
  const whole = (subnet === "fd77::" ? 0 : 20) + 20 + list.length + payloadBytes;
  const frame = frames.cooked2(encodeIp({ ...ends, length: Math.min(whole, 0xffff) }, tcp), isRequest ? 4 : 0);
  const original = frame.length - payload.length + payloadBytes;
  return { frame, seconds: index, captured: Math.min(frame.length, snapshotBytes), original };
}

interface Kind {
  readonly flags: readonly TcpFlag[];
  readonly options: TcpOptions;
  readonly payloadBytes: number;
}

function sampleKind(index: number): Kind {
  const timestamps = { value: 1_000_000 + index, echo: 2_000_000 + index };
  const lot = (index * 7919) % 100;
  if (lot < 60) return { flags: ["ACK"], options: { timestamps }, payloadBytes: 0 };
  if (lot < 65) return { flags: ["ACK"], options: { timestamps, sack: [{ left: 1, right: 2 }] }, payloadBytes: 0 };
  if (lot < 70) {
    return { flags: ["SYN"], options: { mss: 1460, sackPermitted: true, timestamps, windowScale: 7 }, payloadBytes: 0 };
  }
  if (lot < 75) return { flags: ["FIN", "ACK"], options: { timestamps }, payloadBytes: 0 };
  const payloadBytes = lot < 90 ? (index * 31) % 100 : lot < 98 ? 1448 : 60_000;
  return { flags: ["PSH", "ACK"], options: { timestamps }, payloadBytes };
}
