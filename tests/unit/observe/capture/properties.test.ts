import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isFinwaitError } from "../../../../src/model/errors.ts";
import { type Segment, type TcpOptions, tcpFlags } from "../../../../src/model/segment.ts";
import { type Decoded, decode } from "./decode.ts";
import { type Bytes, encodeFile, encodeIp, encodeOptions, encodeTcp, frames, padded, withChecksum } from "./encode.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dirname, `../../../fixtures/pcap/${name}.pcap`));
const files = ["ethernet", "sll2", "sll", "nano", "sack", "fast-open", "extensions", "hosts"].map(fixture);
const linkTypes = [0, 1, 12, 14, 101, 108, 113, 228, 229, 276];

/** Where each record of a little-endian file ends, and where its header does. */
function recordEnds(file: Buffer): number[] {
  const ends = [24];
  for (let at = 24; at < file.length; ends.push(at)) at += 16 + file.readUInt32LE(at + 8);
  return ends;
}

/** What holds for any input at all. */
function expectTotal({ error, segments }: Decoded): void {
  expect(error === undefined || isFinwaitError(error, "FINWAIT_CAPTURE_UNREADABLE")).toBe(true);
  for (const { segment, wallUs } of segments) {
    expect(segment.headerBytes >= 20 && segment.headerBytes <= 60 && segment.ipHeaderBytes >= 20).toBe(true);
    expect(Number.isFinite(wallUs) && segment.payloadBytes >= 0 && segment.payloadBytes < 2 ** 32).toBe(true);
    expect(segment.source.address).toMatch(/^[0-9a-f:.]+$/);
  }
}

test("any bytes give segments or the typed error", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => expectTotal(decode(...chunks))));
});

test("any bytes behind a file's header give segments or the typed error", () => {
  const input = fc.tuple(fc.constantFrom(...linkTypes), fc.uint8Array({ maxLength: 500 }));
  fc.assert(fc.property(input, ([linkType, bytes]) => expectTotal(decode(encodeFile({ linkType }, []), bytes))));
});

test("any bytes as a frame give a segment or are skipped, never an error", () => {
  // Beginnings that are likely headers, so that what is behind them is looked at too.
  const ip = fc.constantFrom([], [0x45], [0x46], [0x60], frames.ethernet([0x45]), frames.cooked2([0x60]));
  const frame = fc
    .tuple(ip, fc.uint8Array({ maxLength: 150 }), fc.nat(12))
    .map(([head, tail, at]) => [...head, ...tail.slice(0, at), 6, ...tail.slice(at)]);
  fc.assert(
    fc.property(fc.constantFrom(...linkTypes), fc.array(frame), fc.nat(3), (linkType, list, more) => {
      const records = list.map((bytes) => ({ frame: bytes, original: bytes.length + more }));
      const decoded = decode(encodeFile({ linkType }, records));
      expectTotal(decoded);
      expect(decoded.error).toBeUndefined();
      expect(decoded.segments.length + decoded.datagrams.length + decoded.skipped).toBe(records.length);
    }),
    { numRuns: 1000 },
  );
});

test("wherever a file is cut into chunks, it holds the same", () => {
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(fc.nat(5000)), (file, places) => {
      const cuts = [0, ...places.toSorted((a, b) => a - b), file.length];
      expect(decode(...cuts.slice(1).map((cut, index) => file.subarray(cuts[index], cut)))).toEqual(decode(file));
    }),
  );
});

test("byte by byte, a file holds the same", () => {
  for (const file of files) expect(decode(...Array.from(file, (byte) => Uint8Array.of(byte)))).toEqual(decode(file));
});

test("a file that ends early gives the records before the cut, and an error unless the cut is between two", () => {
  for (const file of [fixture("fast-open"), fixture("extensions")]) {
    const whole = decode(file);
    const ends = recordEnds(file);
    for (let length = 0; length < file.length; length++) {
      const cut = decode(file.subarray(0, length));
      expectTotal(cut);
      expect(cut.error === undefined).toBe(ends.includes(length));
      expect(cut.segments).toEqual(whole.segments.slice(0, cut.segments.length));
      const records = Math.max(0, ends.filter((end) => end <= length).length - 1);
      expect(cut.segments.length + cut.datagrams.length + cut.skipped).toBe(records);
    }
  }
});

test("a file with any bytes changed gives segments or the typed error", () => {
  const change = fc.tuple(fc.nat(5000), fc.nat(255));
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1 }), (file, changes) => {
      const damaged = Uint8Array.from(file);
      for (const [at, value] of changes) damaged[at % damaged.length] = value;
      expectTotal(decode(damaged));
    }),
    { numRuns: 1000 },
  );
});

const word = fc.nat(0xffffffff);
const short = fc.nat(0xffff);

const options: fc.Arbitrary<TcpOptions> = fc
  .record(
    {
      mss: short,
      windowScale: fc.nat(255),
      sackPermitted: fc.constant(true as const),
      timestamps: fc.record({ value: word, echo: word }),
      fastOpen: fc.record({ cookieBytes: fc.constantFrom(0, 4, 8, 16) }),
      sack: fc.array(fc.record({ left: word, right: word }), { minLength: 1, maxLength: 4 }),
      others: fc.array(fc.record({ kind: fc.integer({ min: 64, max: 255 }), bytes: fc.integer({ min: 2, max: 12 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  )
  .filter((draft) => encodeOptions(draft).length <= 40);

const address4 = fc.ipV4();
/** Canonical by construction: no group is 0, so nothing can be shortened. */
const address6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(":"));
const addresses = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6));

const generated = fc
  .record({
    addresses,
    ports: fc.tuple(short, short),
    flags: fc.subarray([...tcpFlags]),
    fields: fc.record({ sequence: word, acknowledgment: word, window: short, urgentPointer: short }),
    reserved: fc.nat(15),
    options,
    payload: fc.uint8Array({ maxLength: 60 }).map((bytes) => [...bytes]),
    wrongBy: fc.constantFrom(0, 0, 1, 0x1234),
    missing: fc.nat(20),
    time: fc.tuple(word, fc.nat(999_999)),
  })
  .map(({ addresses: [from, to], ports, fields, payload, wrongBy, missing, time, ...rest }) => {
    const list = encodeOptions(rest.options);
    const draft: Segment = {
      source: { address: from, port: ports[0] },
      destination: { address: to, port: ports[1] },
      ...rest,
      options: padded(rest.options),
      ...fields,
      checksum: 0,
      headerBytes: 20 + list.length,
      ipHeaderBytes: from.includes(":") ? 40 : 20,
      payloadBytes: payload.length,
    };
    const right = withChecksum(draft, list, payload);
    // 0 and 0xffff are one number in ones' complement: 0x1234 and 1 away from one of them is another.
    const segment = { ...right, checksum: (right.checksum + wrongBy) & 0xffff };
    const cut = Math.min(missing, payload.length);
    const isRight = internetEquals(segment.checksum, right.checksum);
    const expected = cut === 0 ? { ...segment, checksumIsRight: isRight } : segment;
    return { ip: encodeIp({ source: from, destination: to }, encodeTcp(segment, list, payload)), expected, cut, time };
  });

function internetEquals(a: number, b: number): boolean {
  return a % 0xffff === b % 0xffff;
}

const wrappings: readonly { readonly linkType: number; readonly wrap: (ip: Bytes) => number[] }[] = [
  { linkType: 276, wrap: (ip) => frames.cooked2(ip, 4) },
  { linkType: 113, wrap: (ip) => frames.cooked(ip, 4) },
  { linkType: 1, wrap: (ip) => frames.ethernet(ip) },
  { linkType: 1, wrap: (ip) => frames.ethernet(ip, [0x88, 0xa8, 0, 5, 0x81, 0, 0, 7]) },
  { linkType: 101, wrap: (ip) => [...ip] },
];

test("segments written by another encoder come back as they were", () => {
  const file = fc.record({ order: fc.constantFrom("little" as const, "big" as const), isNano: fc.boolean() });
  fc.assert(
    fc.property(fc.array(generated, { maxLength: 8 }), fc.constantFrom(...wrappings), file, (list, way, format) => {
      const records = list.map(({ ip, cut, time }) => {
        const frame = way.wrap(ip);
        const fraction = time[1] * (format.isNano ? 1000 : 1);
        return { frame, seconds: time[0], fraction, captured: frame.length - cut };
      });
      const decoded = decode(encodeFile({ ...format, linkType: way.linkType }, records));
      expect(decoded.error).toBeUndefined();
      expect(decoded.segments.map(({ segment }) => segment)).toEqual(list.map(({ expected }) => expected));
      expect(decoded.segments.map(({ wallUs }) => wallUs)).toEqual(list.map(({ time }) => time[0] * 1e6 + time[1]));
      expect(decoded.segments.map(({ originalBytes }) => originalBytes)).toEqual(
        records.map(({ frame }) => frame.length),
      );
    }),
    { numRuns: 300 },
  );
});
