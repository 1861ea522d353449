import { describe, expect, test } from "vitest";
import type { Segment } from "../../../../src/model/segment.ts";
import { monoNs } from "../../../../src/model/time.ts";
import { type CapturedSegment, joinSegments, type LossRecord } from "../../../../src/observe/capture/join.ts";

const client = { address: "10.77.0.1", port: 10001 };
const server = { address: "10.77.0.2", port: 20001 };

const fin: Segment = {
  source: client,
  destination: server,
  flags: ["FIN", "ACK"],
  sequence: 0x01020304,
  acknowledgment: 1,
  window: 502,
  checksum: 1,
  checksumIsRight: false,
  urgentPointer: 0,
  reserved: 0,
  headerBytes: 32,
  ipHeaderBytes: 20,
  options: { timestamps: { value: 1, echo: 1 } },
  payloadBytes: 0,
};

const left = (at: number, segment: Segment = fin): CapturedSegment => ({
  at: monoNs(at),
  host: "client",
  direction: "out",
  segment,
  uncertaintyNs: 10,
});
const came = (at: number, segment: Segment = fin): CapturedSegment => ({
  ...left(at, segment),
  host: "server",
  direction: "in",
  uncertaintyNs: 20,
});
const names = ({ port }: { port: number }) => (port < 20000 ? "client" : "server");
const loss = (more: Partial<LossRecord> = {}): LossRecord => ({
  fault: "fault-1",
  host: "server",
  from: monoNs(0),
  surelyFrom: monoNs(0),
  lost: [{ sourcePort: 10001, destinationPort: 20001, sequence: 0x01020304, count: 1 }],
  drops: (flags) => flags.includes("FIN"),
  ...more,
});

describe("segments captured at both ends", () => {
  test("are one, which left at one time and arrived at another", () => {
    const [fact, ...rest] = joinSegments([came(150), left(100)], [], names);
    expect(rest).toEqual([]);
    expect(fact).toMatchObject({ at: 100, arrivedAt: 150, host: "client", from: "client", to: "server" });
    expect(fact?.uncertaintyNs).toBe(20);
  });

  test("are joined in order when they look alike", () => {
    const facts = joinSegments([left(100), left(300), came(110), came(310)], [], names);
    expect(facts.map(({ at, arrivedAt }) => [at, arrivedAt])).toEqual([
      [100, 110],
      [300, 310],
    ]);
  });

  test("that never came in have no arrival", () => {
    expect(joinSegments([left(100)], [], names)[0]).not.toHaveProperty("arrivedAt");
  });

  test("on loopback are seen once, coming in", () => {
    const [fact] = joinSegments([{ ...came(100), host: "client" }], [], names);
    expect(fact).toMatchObject({ at: 100, arrivedAt: 100, host: "client" });
  });

  test("have the checksum that is right, which the card may have filled in on the way", () => {
    const [fact] = joinSegments([left(1), came(2, { ...fin, checksum: 7, checksumIsRight: true })], [], names);
    expect(fact?.segment).toMatchObject({ checksum: 7, checksumIsRight: true });
  });
});

describe("segments lost to a fault", () => {
  const sentTwice = [left(100), came(110), left(300), came(310)];
  const lostTo = (record: LossRecord, captured = sentTwice) =>
    joinSegments(captured, [record], names).map((fact) => fact.lostTo);

  test("are the first of those that look alike", () => {
    expect(lostTo(loss())).toEqual(["fault-1", undefined]);
  });

  test("are found whichever byte order nft lists the number in", () => {
    const [swapped] = loss().lost.map((one) => ({ ...one, sequence: 0x04030201 }));
    expect(lostTo(loss({ lost: swapped === undefined ? [] : [swapped] }))).toEqual(["fault-1", undefined]);
  });

  test("are those that came while the fault was at work", () => {
    const late = sentTwice.map((one) => ({ ...one, at: monoNs(one.at * 1e6) }));
    const begun = { from: monoNs(200e6), surelyFrom: monoNs(200e6) };
    expect(lostTo(loss(begun), late)).toEqual([undefined, "fault-1"]);
    expect(lostTo(loss({ until: monoNs(50e6) }), late)).toEqual([undefined, undefined]);
  });

  test("are rather those that came when the rule was there for sure", () => {
    expect(lostTo(loss({ from: monoNs(105), surelyFrom: monoNs(200) }))).toEqual([undefined, "fault-1"]);
    const both = [{ sourcePort: 10001, destinationPort: 20001, sequence: 0x01020304, count: 2 }];
    expect(lostTo(loss({ from: monoNs(105), surelyFrom: monoNs(200), lost: both }))).toEqual(["fault-1", "fault-1"]);
  });

  test("are of the kind that the fault drops, at its host", () => {
    expect(lostTo(loss({ drops: (flags) => flags.includes("SYN") }))).toEqual([undefined, undefined]);
    expect(lostTo(loss({ host: "client" }))).toEqual([undefined, undefined]);
  });
});
