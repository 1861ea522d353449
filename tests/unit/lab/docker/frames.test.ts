import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFrameDecoder, FrameSplitter } from "../../../../src/lab/driver/docker/frames.ts";

interface Frame {
  readonly type: number;
  readonly payload: Uint8Array;
}

const frames = fc.array(fc.record({ type: fc.constantFrom(1, 2, 3), payload: fc.uint8Array({ maxLength: 40 }) }));
const cuts = fc.array(fc.nat({ max: 400 }));

function encode(frame: Frame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = frame.type;
  header.writeUInt32BE(frame.payload.length, 4);
  return Buffer.concat([header, frame.payload]);
}

function cutUp(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.filter((place) => place <= bytes.length), bytes.length].toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function payloadsOf(all: readonly Frame[], isWanted: (type: number) => boolean): Buffer {
  return Buffer.concat(all.filter(({ type }) => isWanted(type)).map(({ payload }) => payload));
}

describe("the attach stream", () => {
  test("comes apart into the same two streams wherever its chunks break", () => {
    fc.assert(
      fc.property(frames, cuts, (all, places) => {
        const decoder = createFrameDecoder();
        const pieces = cutUp(Buffer.concat(all.map(encode)), places).flatMap(decoder.push);
        const stream = (name: string) =>
          Buffer.concat(pieces.filter((piece) => piece.stream === name).map((piece) => piece.bytes));
        expect(stream("stdout")).toEqual(payloadsOf(all, (type) => type === 1));
        expect(stream("stderr")).toEqual(payloadsOf(all, (type) => type !== 1));
      }),
    );
  });

  test("loses no byte and throws at nothing, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const decoder = createFrameDecoder();
        const handedOn = chunks.flatMap(decoder.push).reduce((sum, piece) => sum + piece.bytes.length, 0);
        expect(handedOn).toBeLessThanOrEqual(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      }),
    );
  });

  test("hands a payload on before its frame is complete", () => {
    const decoder = createFrameDecoder();
    const frame = encode({ type: 1, payload: Buffer.from("hello") });
    expect(decoder.push(frame.subarray(0, 10)).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["he"]);
    expect(decoder.push(frame.subarray(10)).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["llo"]);
  });

  test("ends where the connection ends, with stderr told apart", async () => {
    await fc.assert(
      fc.asyncProperty(frames, cuts, async (all, places) => {
        const stderr: Uint8Array[] = [];
        const splitter = new FrameSplitter((bytes) => stderr.push(bytes));
        const stdout = await buffer(Readable.from(cutUp(Buffer.concat(all.map(encode)), places)).pipe(splitter));
        expect(stdout).toEqual(payloadsOf(all, (type) => type === 1));
        expect(Buffer.concat(stderr)).toEqual(payloadsOf(all, (type) => type !== 1));
      }),
    );
  });
});
