import { describe, expect, test } from "vitest";
import { listenerKey } from "../../../src/call-sites/key.ts";
import type { CallSites } from "../../../src/call-sites/read.ts";
import { placeOf, run, untilWritten } from "./program.ts";

const ways = [
  ["net.connect", "net.connect(port, '127.0.0.1')"],
  ["new net.Socket().connect", "new net.Socket().connect(port, '127.0.0.1')"],
  ["http.get", "http.get({ port, host: '127.0.0.1' }).on('error', () => {})"],
  [
    "http.request with an agent",
    "http.request({ port, host: '127.0.0.1', agent: new http.Agent({ keepAlive: true }) }).end()",
  ],
  ["an upgrade", "http.get({ port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade: 'x' } })"],
  ["tls.connect", "tls.connect(port, '127.0.0.1')"],
  ["https.get", "https.get({ port, host: '127.0.0.1' })"],
  ["fetch", "fetch('http://127.0.0.1:' + port)"],
  ["fetch by name", "fetch('http://localhost:' + port)"],
] as const;

const program = (call: string) => `
import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
${untilWritten}
const sink = net.createServer();
sink.on("connection", (socket) => {
  console.log(socket.remotePort);
  untilWritten(":" + socket.remotePort + "|");
});
sink.listen(0, () => {
  const { port } = sink.address();
  function ask() {
    return /*from*/${call};
  }
  ask();
});
`;

const from = (sites: CallSites, port: string | undefined) =>
  [...sites].filter(([key]) => key.split("|")[0]?.endsWith(`:${port}`)).map(([, site]) => site);

describe.concurrent.each(ways)("%s", (_, call) => {
  test("is found at its line", async ({ expect }) => {
    const text = program(call);
    const { printed, sites, complaints } = await run({ files: { "client.mjs": text } });
    expect(complaints).toBe("");
    const [site] = from(sites, printed[0]);
    expect(site?.how).toBe("connect");
    expect(site?.at.split(":").slice(0, 2)).toEqual(placeOf("/*from*/", "client.mjs", text).split(":").slice(0, 2));
    expect(site?.stack[0]).toMatch(/^ask \(client\.mjs:/);
  });
});

const servers = [
  ["net", "net.createServer()./*here*/listen(0, ready)"],
  ["http", "http.createServer()./*here*/listen(0, '127.0.0.1', ready)"],
  ["a server at a name", "http.createServer()./*here*/listen(0, 'localhost', ready)"],
  ["IPv6 alone", "net.createServer()./*here*/listen({ port: 0, host: '::1', ipv6Only: true }, ready)"],
  ["tls", "tls.createServer()./*here*/listen(0, ready)"],
  ["http2", "http2.createServer()./*here*/listen(0, ready)"],
  ["the server that closed", "net.createServer()./*here*/listen(0, ready)"],
] as const;

test.each(servers)("what %s accepts is found at the line of listen()", async (_, call) => {
  const text = `
const http = require("node:http"), http2 = require("node:http2"), net = require("node:net"), tls = require("node:tls");
const server = ${call};
function ready() {
  console.log(JSON.stringify(server.address()));
  server.close();
}
`;
  const { printed, sites, complaints, code } = await run({ files: { "server.cjs": text } });
  expect(complaints).toBe("");
  expect(code).toBe(0);
  const site = sites.get(listenerKey(JSON.parse(printed[0] ?? "")));
  expect(site).toMatchObject({ how: "accept", at: placeOf("/*here*/", "server.cjs", text) });
});

test("a Unix socket has no site, and nothing comes of it", async () => {
  const text = `
import net from "node:net";
const server = net.createServer(() => process.exit()).listen("here.sock", () => net.connect("here.sock"));
`;
  const { sites, complaints, code } = await run({ files: { "unix.mjs": text } });
  expect([complaints, code, sites.size]).toEqual(["", 0, 0]);
});

test("a library's lines are passed over for the program's", async () => {
  const { sites } = await run({
    files: {
      "main.cjs": `
const { mkdirSync, renameSync } = require("node:fs");
${untilWritten}
mkdirSync("node_modules");
renameSync("library.js", "node_modules/library.js");
const server = require("node:net").createServer(() => untilWritten("connect"));
server.listen(0, () => require("library").open(server));
`,
      "library.js": `exports.open = (server) => require("node:net").connect(server.address().port, "127.0.0.1");`,
    },
  });
  const site = [...sites.values()].find(({ how }) => how === "connect");
  expect(site?.at).toMatch(/^main\.cjs:\d+:43$/);
  expect(site?.stack[0]).toBe(`Server.<anonymous> (${site?.at})`);
});

test("a library that opens by itself, with nothing of the program on the stack, has its own line", async () => {
  const text = `
const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync("node_modules");
const late = "setImmediate(function late() { require('node:net').createServer().listen(0, function () { this.close(); }); });";
writeFileSync("node_modules/library.js", late);
require("library");
`;
  const { sites } = await run({ files: { "main.cjs": text } });
  expect([...sites.values()].map(({ stack }) => stack)).toEqual([
    [expect.stringMatching(/late .*\(node_modules\/library\.js:1:67\)$/)],
  ]);
});

test("source maps count where the process has them enabled", async () => {
  const map = {
    version: 3,
    sources: ["server.ts"],
    sourcesContent: ["\n\n\n\n  server.listen(0)"],
    names: [],
    mappings: "AAIS",
  };
  const text = `require("node:net").createServer().listen(0, function () { this.close(); });
//# source${"Mapping"}URL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}
`;
  const { sites } = await run({ files: { "server.cjs": text }, flags: ["--enable-source-maps"] });
  expect([...sites.values()][0]?.at).toBe("server.ts:5:10");
  const plain = await run({ files: { "server.cjs": text } });
  expect([...plain.sites.values()][0]?.at).toMatch(/^server\.cjs:1:/);
});
