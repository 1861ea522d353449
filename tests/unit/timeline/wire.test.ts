import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../src/model/fact.ts";
import { describeFact } from "../../../src/timeline/describe.ts";
import { meaningsOf } from "../../../src/timeline/meaning.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import { arrived, has, isBareAck, observersOf, segmentsBetween, wireOf } from "../../../src/timeline/wire.ts";
import { type End, observer, pair, segment, segmentsOf } from "./segments.ts";
import { bulk, request } from "./wire-stories.ts";

const numbers = (facts: readonly Fact[]) => wireOf(timelineOf(facts)).map(({ seq, ack, next }) => [seq, ack, next]);
const connections = (facts: readonly Fact[]) => wireOf(timelineOf(facts)).map(({ connection }) => connection);
const meanings = (facts: readonly Fact[]) => {
  const wire = wireOf(timelineOf(facts));
  const known = meaningsOf(wire);
  return wire.map((one) => known.get(one));
};

/** The same two addresses with other first numbers. */
const later = segmentsOf({ client: { ...pair.client, isn: 77 }, server: { ...pair.server, isn: 4_294_967_290 } });

const open = (ms: number, sent = segment) => [
  sent(ms, "client", "SYN"),
  sent(ms + 0.1, "server", "SYN,ACK", { ack: 1 }),
  sent(ms + 0.2, "client", "ACK", { seq: 1, ack: 1 }),
];

const closed = (ms: number) => [
  segment(ms, "client", "FIN,ACK", { seq: 1, ack: 1 }),
  segment(ms + 0.1, "server", "FIN,ACK", { seq: 1, ack: 2 }),
  segment(ms + 0.2, "client", "ACK", { seq: 2, ack: 2 }),
];

describe("relative numbers", () => {
  test("count from each side's SYN, which has 0; SYN and FIN use one number, and every byte", () => {
    const sent = [
      ...open(0),
      segment(1, "client", "PSH,ACK", { seq: 1, ack: 1, len: 100 }),
      segment(2, "server", "FIN,ACK", { seq: 1, ack: 101, len: 20 }),
    ];
    expect(numbers(sent)).toEqual([
      [0, undefined, 1],
      [0, 1, 1],
      [1, 1, 1],
      [1, 1, 101],
      [1, 101, 22],
    ]);
  });

  test("go on where the wire's numbers wrap around", () => {
    const sides = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1));
    fc.assert(
      fc.property(sides, fc.nat(2 ** 31 - 100), ([client, server], seq) => {
        const sent = segmentsOf({ client: { ...pair.client, isn: client }, server: { ...pair.server, isn: server } });
        const facts = [...open(0, sent), sent(1, "client", "ACK", { seq, ack: 1, len: 10 })];
        expect(numbers(facts).at(-1)).toEqual([seq, 1, seq + 10]);
      }),
    );
  });

  test("begin anew when a four-tuple is used again, and old segments keep theirs", () => {
    const facts = [...open(0), ...closed(1), ...open(10, later), later(11, "server", "FIN,ACK", { seq: 1, ack: 1 })];
    expect(connections(facts)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect(numbers(facts).slice(-4)).toEqual(numbers([...open(10, later), facts.at(-1) ?? []].flat()));
  });

  test("stay those of the connection that a stray SYN does not end", () => {
    const facts = [
      ...open(0),
      later(1, "client", "SYN"),
      // RFC 5961 §4: the challenge ACK, and the RST that a confused client would answer with.
      segment(1.1, "server", "ACK", { seq: 1, ack: 1 }),
      segment(2, "client", "PSH,ACK", { seq: 1, ack: 1, len: 5 }),
    ];
    expect(connections(facts)).toEqual([0, 0, 0, 1, 0, 0]);
    expect(numbers(facts).slice(-2)).toEqual([
      [1, 1, 1],
      [1, 1, 6],
    ]);
  });

  test("count from the first byte seen when the handshake was not captured", () => {
    expect(
      numbers([
        segment(1, "client", "PSH,ACK", { seq: 501, ack: 301, len: 4 }),
        segment(2, "server", "ACK", { seq: 301, ack: 505 }),
      ]),
    ).toEqual([
      [1, 1, 5],
      [1, 5, 1],
    ]);
  });

  test("of an RST that refuses a SYN are 0 and the SYN's plus one, also where a connection was before", () => {
    const refused = [later(10, "client", "SYN"), later(10.1, "server", "RST,ACK", { sequence: 0, ack: 1 })];
    expect(numbers(refused)).toEqual([
      [0, undefined, 1],
      [0, 1, 0],
    ]);
    const again = [...open(0), ...closed(1), ...refused];
    expect(connections(again).slice(-2)).toEqual([1, 1]);
    expect(numbers(again).at(-1)).toEqual([0, 1, 0]);
  });

  test("of a probe lie one below", () => {
    expect(numbers([...open(0), segment(1, "client", "ACK", { seq: 0, ack: 1 })]).at(-1)).toEqual([0, 1, 0]);
  });

  test("are those of the whole story in any part of it", () => {
    const seen = fromFirstFact(timelineOf(request()));
    const part = { facts: seen.facts.filter((fact) => fact.at > 9e6) };
    expect(wireOf(part)).toEqual(wireOf(seen).filter(({ fact }) => fact.at > 9e6));
  });
});

describe("what a segment means", () => {
  test("is a retransmission when its numbers were sent before, whatever became of the first", () => {
    const data = { seq: 1, ack: 1, len: 10 };
    const facts = [
      ...open(0),
      segment(1, "client", "PSH,ACK", { ...data, lostTo: "fault-1" }),
      segment(2, "client", "PSH,ACK", data),
      segment(3, "client", "FIN,ACK", { seq: 11, ack: 1 }),
      segment(4, "client", "FIN,ACK", { seq: 11, ack: 1 }),
      segment(5, "client", "ACK", { seq: 12, ack: 1 }),
    ];
    expect(meanings(facts).slice(3)).toEqual([undefined, "again", undefined, "again", undefined]);
  });

  test("is no retransmission in a SYN,ACK that answers a crossing SYN", () => {
    const both = [
      segment(0, "client", "SYN"),
      segment(0.1, "server", "SYN"),
      segment(5, "client", "SYN,ACK", { ack: 1 }),
    ];
    expect(meanings(both)).toEqual([undefined, undefined, undefined]);
    expect(meanings([...both, segment(6, "client", "SYN,ACK", { ack: 1 })]).at(-1)).toBe("again");
  });

  test("tells probes of an open and of a closed window, and the update that opens it", () => {
    expect(meanings([...open(0), segment(9, "client", "ACK", { seq: 0, ack: 1 })]).at(-1)).toBe("keep-alive");
    expect(meanings(bulk()).filter((one) => one !== undefined)).toEqual(["window probe", "window update"]);
  });
});

describe("the wire", () => {
  const t = timelineOf(request());

  test("lists what two endpoints sent each other, in order", () => {
    expect(segmentsBetween(t, "server", "client")).toEqual(wireOf(t));
    expect(segmentsBetween(t, "client", "client-2")).toEqual([]);
  });

  test("tells bare acknowledgments, flags and arrival apart", () => {
    const [syn, , ack] = wireOf(t);
    expect([syn, ack].map((one) => one !== undefined && isBareAck(one))).toEqual([false, true]);
    expect(syn !== undefined && has(syn, "SYN") && !has(syn, "SYN", "ACK")).toBe(true);
    const fates = [{}, { lostTo: "fault-1" }, { isUnseen: true }].map((fate) => segment(0, "client", "SYN", fate));
    expect(wireOf(timelineOf(fates)).map(arrived)).toEqual([true, false, false]);
  });

  test("knows each observer's last word", () => {
    const facts = [observer("client", { ms: 1, lost: 1 }), observer("client", { ms: 2 }), observer("server")];
    expect(observersOf(timelineOf(facts), "capture").map(({ lost }) => lost)).toEqual([0, 0]);
    expect(observersOf(timelineOf(facts), "tracepoint")).toEqual([]);
  });

  test("has finite numbers whatever was captured", () => {
    const ends = fc.constantFrom<End>("client", "server");
    const flags = fc.subarray(["FIN", "SYN", "RST", "PSH", "ACK", "URG"]).map((some) => some.join(","));
    const number = fc.nat(2 ** 32 - 1);
    const any = fc.record({ from: ends, flags, sequence: number, acknowledgment: number, len: fc.nat(70_000) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (all) => {
        const facts = all.map(({ from, flags: on, ...fields }, index) => segment(index, from, on, fields));
        for (const { seq, ack, next, connection } of wireOf(timelineOf(facts))) {
          expect(Number.isSafeInteger(seq) && next >= seq && connection >= 0).toBe(true);
          expect(ack === undefined || Number.isSafeInteger(ack)).toBe(true);
        }
        expect(meaningsOf(wireOf(timelineOf(facts))).size).toBeLessThanOrEqual(facts.length);
      }),
    );
  });
});

describe("a segment as a line of evidence", () => {
  const lines = (facts: readonly Fact[]) => fromFirstFact(timelineOf(facts)).facts.map(describeFact);

  test("has tcpdump's words, relative numbers, and the absolute ones where they were chosen", () => {
    const options = { mss: 1460, sackPermitted: true, timestamps: { value: 7, echo: 0 }, windowScale: 7 } as const;
    expect(
      lines([
        segment(0, "client", "SYN", { options, headerBytes: 40, window: 64240 }),
        segment(0.1, "server", "SYN,ACK", { ack: 1, options: { mss: 1460 }, headerBytes: 24, lostTo: "fault-1" }),
        segment(0.2, "client", "PSH,ACK", { seq: 1, ack: 1, len: 100, isUnseen: true, checksumIsRight: true }),
        segment(0.3, "server", "URG,ACK", { seq: 1, ack: 1, len: 1, takes: 20, urgentPointer: 1, reserved: 2 }),
      ]),
    ).toEqual([
      "+0.000 ms client > server [SYN] seq 0 (abs 3389605359) ack field 0 win 64240 len 0 options mss 1460, sackOK, TS 7 0, wscale 7 header 20+40 checksum 0x1c2b",
      "+0.100 ms server > client [SYN,ACK] seq 0 (abs 1204716051) ack 1 win 502 len 0 (lost to fault-1) options mss 1460 header 20+24 checksum 0x1c2b",
      "+0.200 ms client > server [PSH,ACK] seq 1 ack 1 win 502 len 100 (never arrived) header 20+32 checksum 0x1c2b right",
      "+0.300 ms server > client [URG,ACK] seq 1 ack 1 win 502 len 1 (arrived +20.300 ms) header 20+32 urgent pointer 1 reserved bits 2 checksum 0x1c2b",
    ]);
  });

  test("has SACK's edges relative too, addresses where there is no name, and the wire's numbers alone", () => {
    const sack = [{ left: pair.client.isn + 201, right: pair.client.isn + 301 }];
    const line = lines([...open(0), segment(1, "server", "ACK", { seq: 1, ack: 101, options: { sack } })]).at(-1);
    expect(line).toContain("ack 101 win 502 len 0 options sack 201:301");
    expect(describeFact(segment(1, "client", "", { isUnnamed: true, isUnseen: true }))).toBe(
      "+1.000 ms 10.77.0.1:40000 > 10.77.0.2:20001 [no flags] seq 3389605359 ack field 0 win 502 len 0 (never arrived) header 20+32 checksum 0x1c2b",
    );
  });
});
