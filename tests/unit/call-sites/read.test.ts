import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listenerKey, socketKey } from "../../../src/call-sites/key.ts";
import { parseCallSites, siteOf } from "../../../src/call-sites/read.ts";
import type { CallSite } from "../../../src/model/leak.ts";
import { sitesIn } from "./program.ts";

const opened: CallSite = { how: "connect", at: "client.js:3:5", stack: ["ask (client.js:3:5)"] };
const accepted: CallSite = { how: "accept", at: "server.js:9:2", stack: ["server.js:9:2"] };
const line = (site: CallSite, ...keys: string[]) => `${JSON.stringify({ ...site, keys })}\n`;
const local = { address: "10.0.0.1", port: 4000 };
const peer = { address: "10.0.0.2", port: 80 };

test("an IPv4 address is the same whether the kernel or Node maps it into IPv6", () => {
  const mapped = { address: "::ffff:10.0.0.1", port: 4000 };
  expect(socketKey(mapped, peer)).toBe(socketKey(local, peer));
  expect(socketKey({ address: "::FFFF:10.0.0.1", port: 4000 }, peer)).toBe("10.0.0.1:4000|10.0.0.2:80");
});

test("the scope of an address is left out, and IPv6 stands in brackets", () => {
  expect(socketKey({ address: "fe80::1%eth0", port: 1 }, { address: "fe80::2", port: 2 })).toBe(
    "[fe80::1]:1|[fe80::2]:2",
  );
});

test.each(["*", "::", "0.0.0.0"])("a server that listens at %s accepted what came in at any address", (address) => {
  const sites = parseCallSites(line(accepted, listenerKey({ address, port: 4000 })));
  expect(siteOf(sites, { local, peer })).toEqual(accepted);
  expect(siteOf(sites, { local: { ...local, port: 4001 }, peer })).toBeUndefined();
});

test("a server at one address accepted what came in at it, and nothing else", () => {
  const sites = parseCallSites(line(accepted, listenerKey(local)));
  expect(siteOf(sites, { local, peer })).toEqual(accepted);
  expect(siteOf(sites, { local: peer, peer: local })).toBeUndefined();
});

test("a socket that was opened from a port that is listened at is told as opened", () => {
  const sites = parseCallSites(line(opened, socketKey(local, peer)) + line(accepted, listenerKey(local)));
  expect(siteOf(sites, { local, peer })).toEqual(opened);
});

test("of a file cut anywhere, the whole lines are read", () => {
  const whole = line(accepted, "*:80|*") + line(opened, "10.0.0.1:1|10.0.0.2:2", "10.0.0.1:3|10.0.0.2:2");
  for (let length = 0; length <= whole.length; length++) {
    const sizes = [0, 1, 3];
    expect(sizes).toContain(parseCallSites(whole.slice(0, length)).size);
  }
  expect(parseCallSites(whole).size).toBe(3);
  expect(parseCallSites(`{"how":"conn\n${whole}`).size).toBe(3);
});

test.each([
  "null",
  "[]",
  "{}",
  '{"how":"stolen","at":"a:1:1","stack":[],"keys":["k"]}',
  '{"how":"connect","at":1,"stack":[],"keys":["k"]}',
  '{"how":"connect","at":"a:1:1","stack":"x","keys":["k"]}',
  '{"how":"connect","at":"a:1:1","stack":[],"keys":[1]}',
  "�\u0000�",
])("what is not ours tells nothing: %s", (text) => {
  expect(parseCallSites(text).size).toBe(0);
});

test("a folder that is not there, or is a file, tells nothing", async () => {
  expect((await sitesIn("/nowhere/at/all")).size).toBe(0);
  expect((await sitesIn(import.meta.filename)).size).toBe(0);
});

test("of two processes that listened at one port, the one that wrote last counts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "finwait-sites-"));
  try {
    const later: CallSite = { ...accepted, at: "later.js:1:1" };
    await writeFile(join(folder, "1.ndjson"), line(later, "*:4000|*"));
    await writeFile(join(folder, "2.ndjson"), line(accepted, "*:4000|*"));
    await writeFile(join(folder, ".3.ndjson.part"), line(opened, "*:4000|*"));
    await utimes(join(folder, "2.ndjson"), 1, 1);
    expect(siteOf(await sitesIn(folder), { local, peer })?.at).toBe("later.js:1:1");
  } finally {
    await rm(folder, { recursive: true });
  }
});
