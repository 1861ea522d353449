import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Clients } from "../../../src/call-sites/clients.ts";
import { listenerKey } from "../../../src/call-sites/key.ts";
import { siteOf } from "../../../src/call-sites/read.ts";
import { parseSs } from "../../../src/observe/ss/parse.ts";
import { run, untilWritten } from "./program.ts";

test("what ss prints is joined to the lines of the program, from both ends", async () => {
  const text = `
const { execFileSync } = require("node:child_process");
const net = require("node:net");
${untilWritten}
const server = net.createServer(() => untilWritten("connect", () => {
  const { port } = server.address();
  process.stdout.write(execFileSync("ss", ["-Hten", "sport = " + port + " or dport = " + port], { env: { PATH: process.env.PATH } }));
  process.exit();
}));
server.listen(0, () => net.connect(server.address().port, "127.0.0.1"));
`;
  const { printed, sites } = await run({ files: { "pair.cjs": text } });
  const found = parseSs(printed.join("\n")).map((row) => siteOf(sites, row)?.at.replace(/:\d+$/, ""));
  const lines = text.split("\n");
  const listens = lines.findIndex((line) => line.startsWith("server.listen")) + 1;
  expect(found).toEqual([`pair.cjs:${listens}`, `pair.cjs:${listens}`]);
  expect([...sites.values()].map(({ how }) => how).toSorted()).toEqual(["accept", "connect"]);
});

test("workers of a cluster, worker threads and child processes write each their own", async () => {
  const files = {
    "main.mjs": `
import { fork } from "node:child_process";
import cluster from "node:cluster";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
cluster.setupPrimary({ exec: "clustered.mjs" });
for (const start of [() => fork("child.cjs"), () => new Worker("./thread.mjs"), () => cluster.fork()])
  await once(start(), "exit");
`,
    "child.cjs": `require("node:net").createServer().listen(0, function () { this.close(); });`,
    "thread.mjs": `import net from "node:net"; net.createServer().listen(0, function () { this.close(); });`,
    "clustered.mjs": `import net from "node:net"; net.createServer().listen(0, () => process.exit());`,
  };
  const { sites, complaints, code } = await run({ files });
  expect([complaints, code]).toEqual(["", 0]);
  const places = [...sites.values()].map(({ at }) => at.replace(/:.*/, ""));
  expect(places.toSorted()).toEqual(["child.cjs", "clustered.mjs", "thread.mjs"]);
});

describe("within bounds", () => {
  const server = createServer();
  const open: Socket[] = [];
  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
  });
  afterAll(() => {
    server.close();
  });

  function clientsOf(sockets: number, stacks: number): Clients {
    const nowMs = () => performance.now();
    return new Clients({ sockets, stacks, youngMs: 0, folder: import.meta.dirname, nowMs, spentMs: nowMs });
  }

  async function connected(count: number): Promise<(number | undefined)[]> {
    const address = server.address();
    for (let one = 0; one < count; one++) {
      const socket = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
      open.push(socket);
      await once(socket, "connect");
    }
    return open.slice(-count).map(({ localPort }) => localPort);
  }

  const portsOf = (clients: Clients) => [...clients.known()].map(([key]) => Number(/:(\d+)\|/.exec(key)?.[1]));

  test("no more sockets are followed than was said, the oldest, and there is room again once some have closed", async () => {
    const clients = clientsOf(3, 100);
    const ports = await connected(5);
    expect(clients.sweep(1_000)).toBe(true);
    expect(clients.sweep(1_000)).toBe(false);
    expect(portsOf(clients)).toEqual(ports.slice(0, 3));
    for (const socket of open) socket.destroy();
    expect(clients.sweep(1_000)).toBe(true);
    expect(portsOf(clients)).toEqual([]);
    const later = await connected(1);
    clients.sweep(1_000);
    expect(portsOf(clients)).toEqual(later);
  });

  test("as many stacks as sockets are taken at once, and then so many between two sweeps", async () => {
    const clients = clientsOf(8, 2);
    // Two sweeps a round, of which the second forgets what has closed.
    for (const taken of [8, 4, 4]) {
      const ports = await connected(9);
      clients.sweep(1_000);
      expect(portsOf(clients)).toEqual(ports.slice(0, taken));
      for (const socket of open.splice(0)) socket.destroy();
      clients.sweep(1_000);
    }
  });

  test("what does not fit into a sweep's time has its turn later", async () => {
    const clients = clientsOf(10, 10);
    const ports = await connected(3);
    expect(clients.sweep(-1)).toBe(false);
    expect(clients.sweep(1_000)).toBe(true);
    expect(portsOf(clients)).toEqual(ports);
  });
});

test("a socket that is connected anew has the place of the second time", async () => {
  const text = `
const net = require("node:net");
${untilWritten}
let times = 0;
const server = net.createServer((there) => (++times === 1 ? there.end() : untilWritten(":" + there.remotePort + "|")));
server.listen(0, () => {
  const { port } = server.address();
  const socket = new net.Socket();
  socket.connect(port).resume().once("close", function again() { socket.connect(port); });
});
`;
  const { sites, complaints } = await run({ files: { "again.cjs": text } });
  expect(complaints).toBe("");
  const opened = [...sites.values()].filter(({ how }) => how === "connect");
  expect(opened.map(({ stack }) => stack[0]?.split(" ")[0])).toEqual(["Socket.again"]);
});

test("an address that was listened at twice has the place of the second time", async () => {
  const text = `
const net = require("node:net");
const first = net.createServer().listen(0, () => {
  const { port } = first.address();
  first.close(() => net.createServer().listen(port, function () { console.log(port); this.close(); }));
});
`;
  const { sites, printed } = await run({ files: { "twice.cjs": text } });
  expect(sites.get(listenerKey({ address: "*", port: Number(printed[0]) }))?.at).toBe("twice.cjs:5:40");
});
