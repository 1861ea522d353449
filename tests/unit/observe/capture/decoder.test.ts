import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Segment } from "../../../../src/model/segment.ts";
import { PcapDecoder } from "../../../../src/observe/capture/decoder.ts";
import { decode } from "./decode.ts";
import { type Bytes, encodeFile, encodeIp, encodeTcp, frames, u32 } from "./encode.ts";
import { bare, ends, ip, only, segmentIn, tcp } from "./sample.ts";

test("a record tells its time, its length on the wire, and its bytes to be written again", () => {
  for (const order of ["little", "big"] as const) {
    const file = encodeFile({ linkType: 101, order }, [
      { frame: ip, seconds: 1_700_000_000, fraction: 999_999, original: 900 },
    ]);
    const { segments, header } = decode(file);
    expect(segments[0]).toMatchObject({ wallUs: 1_700_000_000_999_999, originalBytes: 900, direction: "unknown" });
    expect([...(header ?? []), ...(segments[0]?.bytes ?? [])]).toEqual([...file]);
  }
});

test("nanoseconds are a fraction of the microsecond", () => {
  const file = encodeFile({ linkType: 101, isNano: true }, [{ frame: ip, seconds: 1_700_000_000, fraction: 1_250 }]);
  expect(decode(file).segments[0]?.wallUs).toBe(1_700_000_000_000_001 + 0.25);
});

test("every field of the header is told, to its last bit", () => {
  const all: Segment = { ...bare, flags: ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"], reserved: 15 };
  const full = { ...all, window: 0xffff, checksum: 0xffff, urgentPointer: 0xffff, sequence: 0xffffffff };
  const { checksumIsRight, ...segment } = segmentIn(101, encodeIp(ends, encodeTcp(full, [], [])))?.segment ?? bare;
  expect(segment).toEqual(full);
  expect(checksumIsRight).toBe(false);
});

test("a file may say that frames end with a check sequence of four bytes", () => {
  const frame = [...frames.ethernet(ip), 1, 2, 3, 4];
  expect(segmentIn(0x24000001, frame)?.segment).toMatchObject({ sequence: bare.sequence, payloadBytes: 0 });
});

test("Ethernet's padding is no payload", () => {
  expect(segmentIn(1, [...frames.ethernet(ip), ...new Array(6).fill(0)])?.segment.payloadBytes).toBe(0);
});

test("where IP's length is 0, the kernel's large send is as long as the record", () => {
  const large4 = encodeIp({ ...ends, length: 0 }, tcp);
  const large6 = encodeIp({ source: "fd77::1", destination: "fd77::2", length: 0 }, tcp);
  expect(segmentIn(276, frames.cooked2(large4), 20 + 40 + 100_000)?.segment.payloadBytes).toBe(100_000);
  expect(segmentIn(276, frames.cooked2(large6), 20 + 60 + 180_000)?.segment.payloadBytes).toBe(180_000);
});

test("a later fragment is skipped; the first one is a segment whose checksum nobody can tell", () => {
  expect(only(101, encodeIp({ ...ends, fragment: 0x2001 }, tcp)).skipped).toBe(1);
  const first = segmentIn(101, encodeIp({ ...ends, fragment: 0x2000 }, tcp))?.segment;
  expect(first).toMatchObject({ sequence: bare.sequence });
  expect(first).not.toHaveProperty("checksumIsRight");
});

test("IPv6's extension headers are part of the header", () => {
  const hop = [60, 0, 1, 4, 0, 0, 0, 0];
  const destinationOptions = [43, 1, 1, 12, ...new Array(12).fill(0)];
  const routing = [44, 0, 0, 0, 0, 0, 0, 0];
  const fragment = [6, 0, 0, 0, 0, 0, 0, 1];
  const extra = [...hop, ...destinationOptions, ...routing, ...fragment];
  const extended = (bytes: Bytes) =>
    only(101, encodeIp({ source: "fd77::1", destination: "fd77::2", extra: bytes, next: 0 }, tcp));
  expect(extended(extra).segments[0]?.segment).toMatchObject({
    ipHeaderBytes: 80,
    payloadBytes: 0,
    checksumIsRight: false,
  });
  // The second fragment; a routing header with segments left; a chain that never ends.
  expect(extended([...extra.slice(0, -6), 0, 8, 0, 0, 0, 1]).skipped).toBe(1);
  const onItsWay = extended([...hop, ...destinationOptions, 44, 0, 0, 1, 0, 0, 0, 0, ...fragment]).segments[0]?.segment;
  expect(onItsWay).toMatchObject({ sequence: bare.sequence });
  expect(onItsWay).not.toHaveProperty("checksumIsRight");
  expect(extended(new Array(400).fill(0)).skipped).toBe(1);
});

test("a header that the capture cut short, or that is none, is skipped", () => {
  const withOptions = encodeTcp(bare, [1, 1, 1, 0], []);
  const cut = (missing: number) => {
    const frame = encodeIp(ends, withOptions);
    return decode(encodeFile({ linkType: 101 }, [{ frame, captured: frame.length - missing }]));
  };
  expect(cut(0).segments).toHaveLength(1);
  for (let missing = 1; missing <= 44; missing++) expect(cut(missing)).toMatchObject({ segments: [], skipped: 1 });
  const offset = (words: number) => only(101, encodeIp(ends, [...tcp.slice(0, 12), words << 4, ...tcp.slice(13)]));
  expect(offset(4).skipped).toBe(1);
  expect(offset(6).skipped).toBe(1);
  expect(only(101, encodeIp({ ...ends, length: 39 }, tcp)).skipped).toBe(1);
});

test("the checksum is left out when the capture cut the payload", () => {
  const frame = encodeIp(ends, encodeTcp({ ...bare, payloadBytes: 10 }, [], new Array(10).fill(1)));
  const { segments } = decode(encodeFile({ linkType: 101 }, [{ frame, captured: frame.length - 1 }]));
  expect(segments[0]?.segment).toMatchObject({ payloadBytes: 10 });
  expect(segments[0]?.segment).not.toHaveProperty("checksumIsRight");
});

const unreadable = (message: RegExp) =>
  expect.objectContaining({ code: "FINWAIT_CAPTURE_UNREADABLE", message: expect.stringMatching(message) });

test("what is no capture that it knows is refused by name", () => {
  expect(decode(encodeFile({ linkType: 105 }, [])).error).toEqual(unreadable(/link type 105/));
  expect(decode(Uint8Array.from([...u32(0x0a0d0d0a), ...new Array(20).fill(0)])).error).toEqual(unreadable(/pcapng/));
  expect(decode(new TextEncoder().encode("tcpdump: eth0: No such device")).error).toEqual(unreadable(/0x74637064/));
  const old = encodeFile({ linkType: 1 }, []);
  old[6] = 3;
  expect(decode(old).error).toEqual(unreadable(/pcap 2\.3/));
  const future = encodeFile({ linkType: 1 }, []);
  future[4] = 3;
  expect(decode(future).error).toEqual(unreadable(/pcap 3\.4/));
  expect(decode().error).toEqual(unreadable(/ended inside the file's header, after 0 of 24 bytes/));
});

test("a record that cannot be one is refused with its place, and nothing is read after it", () => {
  const good = { frame: ip };
  const file = (bad: object) => decode(encodeFile({ linkType: 101 }, [good, { frame: ip, ...bad }, good]));
  for (const bad of [{ captured: 262_145, original: 262_145 }, { original: 39 }, { fraction: 1_000_000 }]) {
    const { segments, error } = file(bad);
    expect(segments).toHaveLength(1);
    expect(error).toEqual(unreadable(/^A record claims .* at byte 80\./));
  }
});

test("after its error a decoder gives it again and reads nothing", () => {
  const decoder = new PcapDecoder({ segment: () => expect.unreachable(), datagram: () => expect.unreachable() });
  const good = encodeFile({ linkType: 101 }, [{ frame: ip }]);
  expect(() => decoder.push(new Uint8Array(24))).toThrow(/0x00000000/);
  expect(() => decoder.push(good)).toThrow(/0x00000000/);
  expect(() => decoder.finish()).toThrow(/0x00000000/);
});

test("the largest record comes through in small chunks, and the chunks may be overwritten", () => {
  const frame = encodeIp({ ...ends, length: 0 }, [...tcp, ...new Array(256 * 1024 - 40).fill(1)]);
  const file = encodeFile({ linkType: 101 }, [{ frame: ip }, { frame }, { frame: ip }]);
  const lengths: number[] = [];
  const decoder = new PcapDecoder({
    segment: ({ payloadBytes }) => lengths.push(payloadBytes),
    datagram: () => expect.unreachable(),
  });
  const chunk = new Uint8Array(1000);
  for (let at = 0; at < file.length; at += chunk.length) {
    const length = Math.min(chunk.length, file.length - at);
    chunk.set(file.subarray(at, at + length));
    decoder.push(chunk.subarray(0, length));
    chunk.fill(0xff);
  }
  decoder.finish();
  expect(lengths).toEqual([0, 256 * 1024 - 40, 0]);
});

test("a header and records in any order of files can be written again as a file", () => {
  const file = readFileSync(join(import.meta.dirname, "../../../fixtures/pcap/sack.pcap"));
  const { header, segments } = decode(file);
  const copy = Uint8Array.from([...(header ?? []), ...segments.flatMap(({ bytes }) => bytes)]);
  expect(decode(copy).segments).toEqual(segments);
});
