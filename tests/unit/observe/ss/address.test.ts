import { describe, expect, test } from "vitest";
import { readAddress, sameAddress } from "../../../../src/observe/ss/address.ts";
import { findSocket } from "../../../../src/observe/ss/find.ts";
import { parseSs } from "../../../../src/observe/ss/parse.ts";

test.each([
  ["127.0.0.1:80", "127.0.0.1", 80],
  ["0.0.0.0:*", "0.0.0.0", 0],
  ["*:5000", "*", 5000],
  ["*:*", "*", 0],
  ["[::]:22", "::", 22],
  ["[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", 80],
  ["[fe80::1]%eth0:65535", "fe80::1%eth0", 65_535],
  ["[fe80::1%eth0]:443", "fe80::1%eth0", 443],
  ["10.0.0.1%eth0:22", "10.0.0.1%eth0", 22],
  ["*%lo:22", "*%lo", 22],
  ["0.0.0.0%eth0.100:68", "0.0.0.0%eth0.100", 68],
])("%s is %s, port %d", (word, address, port) => {
  expect(readAddress(word)).toEqual({ address, port });
});

test.each([
  "",
  ":",
  ":80",
  "*",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "127.0.0.1:8a",
  "[::1:80",
  "::1]:80",
  "10.0.0.1%:80",
  "localhost:80",
  'a",pid=1:2',
])("%o is no address", (word) => expect(readAddress(word)).toBeUndefined());

describe("addresses are the same", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "::ffff:10.0.0.1"],
    ["*", "::"],
    ["fe80::1%eth0", "fe80::1"],
    ["10.0.0.1%eth0", "::ffff:10.0.0.1"],
  ])("%s and %s", (a, b) => {
    expect(sameAddress(a, b)).toBe(true);
    expect(sameAddress(b, a)).toBe(true);
  });
});

test.each([
  ["127.0.0.1", "127.0.0.2"],
  ["fe80::1%eth0", "fe80::1%eth1"],
  ["::", "0.0.0.0"],
  ["::1", "127.0.0.1"],
  ["::ffff:0:1", "0:1"],
])("%s and %s are different addresses", (a, b) => expect(sameAddress(a, b)).toBe(false));

test("a socket is found by both its ends, a v4 client's peer among the v6 rows too", () => {
  const rows = parseSs(
    [
      "LISTEN 0 511 *:80 *:* sk:1",
      "ESTAB 0 0 10.0.0.1:5000 10.0.0.2:80 sk:2",
      "ESTAB 0 0 [::ffff:10.0.0.2]:80 [::ffff:10.0.0.1]:5000 sk:3",
    ].join("\n"),
  );
  const client = { address: "10.0.0.1", port: 5000 };
  const server = { address: "10.0.0.2", port: 80 };
  expect(findSocket(rows, { local: client, peer: server })?.cookie).toBe("2");
  expect(findSocket(rows, { local: server, peer: client })?.cookie).toBe("3");
  expect(findSocket(rows, { local: { address: "::", port: 80 }, peer: { address: "::", port: 0 } })?.cookie).toBe("1");
  expect(findSocket(rows, { local: { ...client, port: 5001 }, peer: server })).toBeUndefined();
});
