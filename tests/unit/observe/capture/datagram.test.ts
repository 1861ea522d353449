import { expect, test } from "vitest";
import { decode } from "./decode.ts";
import { type Bytes, encodeFile, encodeIp } from "./encode.ts";
import { ends, only } from "./sample.ts";

const udp = (length: number, payload: Bytes) =>
  encodeIp({ ...ends, protocol: 17 }, [0x75, 0x30, 0x75, 0x31, length >> 8, length & 0xff, 0, 0, ...payload]);

test("a datagram's payload is what its own length says, as far as it was captured", () => {
  const told = (frame: Bytes, captured = frame.length) =>
    decode(encodeFile({ linkType: 101 }, [{ frame, captured }])).datagrams[0];
  expect(told(udp(11, [1, 2, 3]))).toMatchObject({ payload: [1, 2, 3], ports: { source: 30000, destination: 30001 } });
  expect(told(udp(10, [1, 2, 3]))).toMatchObject({ payload: [1, 2] });
  expect(told(udp(11, [1, 2, 3]), 29)).toMatchObject({ payload: [1] });
  expect(told(udp(8, []))).toMatchObject({ payload: [] });
  expect(told(udp(7, [1, 2, 3]))).toBeUndefined();
  expect(told(udp(12, [1, 2, 3]))).toBeUndefined();
  expect(told(udp(11, [1, 2, 3]), 27)).toBeUndefined();
});

test("a datagram's first fragment has what IP says is in it", () => {
  const header = [0x75, 0x30, 0x75, 0x31, 0, 100, 0, 0];
  const first = encodeIp({ ...ends, protocol: 17, fragment: 0x2000, length: 30 }, [...header, 1, 2, 0, 0]);
  expect(only(101, first).datagrams[0]).toMatchObject({ payload: [1, 2] });
  const extra = [17, 0, 0, 1, 0, 0, 0, 1];
  const short = encodeIp({ source: "fd77::1", destination: "fd77::2", extra, next: 44, length: 4 }, [...header, 1, 2]);
  expect(only(101, short)).toMatchObject({ datagrams: [], skipped: 1 });
});
