import { expect, test } from "vitest";
import { frames } from "./encode.ts";
import { bare, ip, ip6, only, segmentIn } from "./sample.ts";

test.each([
  ["NULL, little", 0, [2, 0, 0, 0, ...ip]],
  ["NULL, big", 0, [0, 0, 0, 2, ...ip]],
  ["NULL, IPv6 of Darwin", 0, [30, 0, 0, 0, ...ip6]],
  ["LOOP, IPv6 of Linux", 108, [0, 0, 0, 10, ...ip6]],
  ["Ethernet", 1, frames.ethernet(ip)],
  ["Ethernet with a tag", 1, frames.ethernet(ip, [0x81, 0, 0, 7])],
  ["Ethernet with two tags", 1, frames.ethernet(ip6, [0x88, 0xa8, 0, 5, 0x81, 0, 0, 7])],
  ["RAW", 101, ip],
  ["RAW of BSD", 12, ip6],
  ["RAW of OpenBSD", 14, ip],
  ["IPV4", 228, ip],
  ["IPV6", 229, ip6],
  ["LINUX_SLL", 113, frames.cooked(ip)],
  ["LINUX_SLL2", 276, frames.cooked2(ip6)],
])("%s: the segment is found", (_, linkType, frame) => {
  expect(segmentIn(linkType, frame)?.segment.sequence).toBe(bare.sequence);
});

test.each([
  ["NULL of another family", 0, [7, 0, 0, 0, ...ip]],
  ["Ethernet with ARP", 1, [...new Array(12).fill(2), 0x08, 0x06, ...ip]],
  ["Ethernet that says IPv6 before IPv4", 1, [...new Array(12).fill(2), 0x86, 0xdd, ...ip]],
  ["Ethernet that ends in a tag", 1, [...new Array(12).fill(2), 0x81, 0x00, 0, 7]],
  ["IPV4 with IPv6 in it", 228, ip6],
  ["IPV6 with IPv4 in it", 229, ip],
  ["RAW with neither", 101, [0x50, ...ip]],
  ["an empty frame", 101, []],
])("%s: the record is skipped", (_, linkType, frame) => {
  expect(only(linkType, frame)).toMatchObject({ segments: [], datagrams: [], skipped: 1, error: undefined });
});

test.each([
  [0, "in"],
  [1, "in"],
  [2, "in"],
  [3, "unknown"],
  [4, "out"],
])("Linux's packet type %d is %s in both cooked headers", (type, direction) => {
  expect(segmentIn(113, frames.cooked(ip, type))?.direction).toBe(direction);
  expect(segmentIn(276, frames.cooked2(ip, type))?.direction).toBe(direction);
});
