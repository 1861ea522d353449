import { expect, test } from "vitest";
import { readOptions } from "../../../../src/observe/capture/options.ts";

const read = (...bytes: number[]) => readOptions(Uint8Array.from([99, ...bytes, 99]), 1, 1 + bytes.length);
const timestamps = [8, 10, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 7];

test("an empty list is one shared object that nobody can change", () => {
  expect(read()).toBe(read());
  expect(Object.isFrozen(read())).toBe(true);
});

test("every option that finwait names is read by its name", () => {
  expect(read(2, 4, 5, 0xb4, 4, 2, ...timestamps, 1, 3, 3, 14)).toEqual({
    mss: 1460,
    sackPermitted: true,
    timestamps: { value: 0xffffffff, echo: 7 },
    windowScale: 14,
    paddingBytes: 1,
  });
  expect(read(1, 1, 5, 18, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 9)).toEqual({
    sack: [
      { left: 0xfffffff0, right: 1 },
      { left: 5, right: 9 },
    ],
    paddingBytes: 2,
  });
  expect(read(34, 2, 1, 1)).toEqual({ fastOpen: { cookieBytes: 0 }, paddingBytes: 2 });
  expect(read(34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1)).toEqual({ fastOpen: { cookieBytes: 8 }, paddingBytes: 2 });
});

test("others are told with kind and length", () => {
  expect(read(30, 4, 0, 0, 254, 6, 0xf9, 0x89, 1, 2)).toEqual({
    others: [
      { kind: 30, bytes: 4 },
      { kind: 254, bytes: 6 },
    ],
  });
});

test("behind the end of the list nothing is read", () => {
  expect(read(4, 2, 0, 2, 4, 5, 0xb4)).toEqual({ sackPermitted: true, paddingBytes: 1 });
  expect(read(1, 1, 1, 0)).toEqual({ paddingBytes: 4 });
});

test("padding is NOPs, the end of the list, and the zeros behind it", () => {
  expect(read(1, 3, 3, 7, 1, 0, 0, 0)).toEqual({ windowScale: 7, paddingBytes: 5 });
  expect(read(3, 3, 7, 0, 0, 9, 0, 0)).toEqual({ windowScale: 7, paddingBytes: 4 });
  expect(read(3, 3, 7, 1, 2, 4, 0, 0)).toEqual({ windowScale: 7, mss: 0, paddingBytes: 1 });
});

test("of the same option twice the last counts", () => {
  expect(read(2, 4, 0, 1, 2, 4, 0, 2)).toEqual({ mss: 2 });
});

test.each([
  ["runs over the end", [2, 4, 5]],
  ["has no length", [2]],
  ["has length 0", [30, 0, 0, 0]],
  ["has length 1", [30, 1, 4, 2]],
])("an option that %s makes the list malformed and is its last", (_, bytes) => {
  expect(read(3, 3, 7, ...bytes)).toEqual({ windowScale: 7, malformed: true });
});

test.each([
  ["an MSS", [2, 3, 0]],
  ["a window scale", [3, 4, 7, 0]],
  ["SACK-permitted", [4, 3, 0]],
  ["SACK without a block", [5, 2]],
  ["SACK with half a block", [5, 6, 0, 0, 0, 1]],
  ["SACK with a block and a half", [5, 14, ...new Array(12).fill(1)]],
  ["timestamps", [8, 6, 0, 0, 0, 1]],
  ["a Fast Open cookie of 3 bytes", [34, 5, 1, 2, 3]],
  ["a Fast Open cookie of 2 bytes", [34, 4, 1, 2]],
  ["a Fast Open cookie of 5 bytes", [34, 7, 1, 2, 3, 4, 5]],
  ["a Fast Open cookie of 18 bytes", [34, 20, ...new Array(18).fill(1)]],
])("%s of a wrong length makes the list malformed and is passed over", (_, bytes) => {
  expect(read(...bytes, 3, 3, 7)).toEqual({ windowScale: 7, malformed: true });
});
