import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseAnswer } from "../../../../src/lab/peer/conversation.ts";
import { encodeSegment } from "../../../../src/lab/peer/raw-segment.ts";
import { FinwaitError } from "../../../../src/model/errors.ts";
import { tcpFlags } from "../../../../src/model/segment.ts";
import { AddressBook } from "../../../../src/observe/capture/addresses.ts";
import { readSegment } from "../../../../src/observe/capture/segment.ts";

const ipBytes = 20;
const number32 = fc.nat(0xffff_ffff);
const port = fc.integer({ min: 1, max: 0xffff });

test("a segment made by hand is read as what it was made of", () => {
  const segments = fc.record(
    {
      flags: fc.subarray([...tcpFlags]),
      sequence: number32,
      acknowledgment: number32,
      window: fc.nat(0xffff),
      urgentPointer: fc.nat(0xffff),
      timestamps: fc.record({ value: number32, echo: number32 }),
      payloadBytes: fc.nat(1460),
    },
    { requiredKeys: ["flags", "sequence"] },
  );
  fc.assert(
    fc.property(segments, port, port, (segment, from, to) => {
      const tcp = encodeSegment({ from, to }, segment);
      const bytes = new Uint8Array(ipBytes + tcp.length);
      bytes.set(tcp, ipBytes);
      const packet = { version: 4, start: 0, protocol: 6, payloadAt: ipBytes, payloadBytes: tcp.length } as const;
      const read = readSegment(bytes, { ...packet, isComplete: true }, bytes.length, new AddressBook());
      const { timestamps, ...numbers } = segment;
      expect(read).toMatchObject({ acknowledgment: 0, window: 0xffff, urgentPointer: 0, payloadBytes: 0, ...numbers });
      expect(read?.options).toEqual(timestamps === undefined ? {} : { timestamps, paddingBytes: 2 });
      expect([read?.source.port, read?.destination.port]).toEqual([from, to]);
    }),
  );
});

test.each([
  ["ok", { words: [] }],
  ["ok 10.77.0.1 10000", { words: ["10.77.0.1", "10000"] }],
  ["ready", { words: [] }],
  ["error EADDRINUSE", { words: [], errno: "EADDRINUSE" }],
])("a peer's answer %j is understood", (line, answer) => {
  expect(parseAnswer(line, 7)).toEqual({ ...answer, at: 7 });
});

test.each(["", "fault Can't locate Socket.pm", "error", "error EINVAL x", "error einval", "ready x", "OK"])(
  "%j is no answer of a peer",
  (line) => {
    expect(parseAnswer(line, 7)).toMatchObject({ code: "FINWAIT_PROTOCOL" });
  },
);

test("whatever a peer says is an answer or an error that quotes it", () => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      const said = parseAnswer(line, 7);
      if (said instanceof FinwaitError) expect(said.message).toContain(JSON.stringify(line));
      else expect(said.at).toBe(7);
    }),
  );
});
