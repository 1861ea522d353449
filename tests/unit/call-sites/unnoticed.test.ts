import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, untilWritten } from "./program.ts";

const ways = ["--require", "--import"] as const;
const clean = { code: 0, complaints: "" };

test("without the variable nothing is subscribed to, written or left behind", async () => {
  const text = `
const { hasSubscribers } = require("node:diagnostics_channel");
console.log(JSON.stringify([
  hasSubscribers("net.client.socket"),
  hasSubscribers("tracing:net.server.listen:asyncStart"),
  process.listenerCount("exit"),
  process.getMaxListeners(),
  Object.getOwnPropertySymbols(globalThis).some((one) => String(one).includes("finwait")),
  process.getActiveResourcesInfo().includes("Timeout"),
]));
`;
  const { printed, sites } = await run({ files: { "none.cjs": text }, folder: "" });
  expect(printed).toEqual(["[false,false,0,10,false,false]"]);
  expect(sites.size).toBe(0);
});

test.each(ways)("a program that has nothing to do ends at once (%s)", async (how) => {
  const text = `console.log(Math.round(performance.now()));`;
  const { printed, ...ended } = await run({ files: { "idle.mjs": text }, how });
  expect(ended).toMatchObject(clean);
  expect(Number(printed[0])).toBeGreaterThan(0);
});

test.concurrent("the program's own stacks are as they were: their length, and who puts them into words", async () => {
  const text = `
import net from "node:net";
${untilWritten}
Error.stackTraceLimit = 3;
let asked = 0;
Error.prepareStackTrace = (error, frames) => (asked++, frames);
const mine = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
const server = net.createServer((socket) => untilWritten("connect", () => {
  const now = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  const same = Object.keys(mine).every((key) => mine[key] === now[key]);
  const before = asked;
  const { length } = (function deep(left) { return left ? deep(left - 1) : new Error().stack; })(9);
  console.log(Error.stackTraceLimit, before, asked, same, length, socket.listenerCount("close"));
  process.exit();
}));
server.listen(0, () => net.connect(server.address().port));
`;
  const { printed, ...ended } = await run({ files: { "stacks.mjs": text } });
  expect(ended).toMatchObject(clean);
  expect(printed).toEqual(["3 0 1 true 3 0"]);
  expect(ended.sites.size).toBe(2);
});

test.concurrent.each([
  ["Error.stackTraceLimit is 0", "Error.stackTraceLimit = 0;", 2],
  ["Error is frozen", "Object.freeze(Error);", 0],
  [
    "prepareStackTrace cannot be replaced",
    "Object.defineProperty(Error, 'prepareStackTrace', { value: () => 1, writable: false, configurable: false });",
    0,
  ],
])("nothing is thrown where %s", async (_, first, known) => {
  const text = `
${first}
const net = require("node:net");
const server = net.createServer((socket) => setTimeout(() => process.exit(), 700));
server.listen(0, () => net.connect(server.address().port));
`;
  const ended = await run({ files: { "locked.cjs": text } });
  expect(ended).toMatchObject(clean);
  expect(ended.sites.size).toBe(known);
});

test.concurrent("a folder that goes midway, or cannot be written to, is not noticed", async () => {
  const text = `
import { rmSync } from "node:fs";
import net from "node:net";
${untilWritten}
const server = net.createServer(() => {}).listen(0, () => {
  const open = () => net.connect(server.address().port).on("connect", () => console.log("open"));
  open();
  untilWritten("connect", () => {
    rmSync(process.env.FINWAIT_CALL_SITES, { recursive: true });
    open();
    setTimeout(() => process.exit(), 1_300);
  });
});
`;
  expect(await run({ files: { "vanishing.mjs": text } })).toMatchObject({ ...clean, printed: ["open", "open"] });
  const idle = "setTimeout(() => {}, 700); require('node:net').createServer().listen(0).unref();";
  expect(await run({ files: { "nowhere.cjs": idle }, folder: "/dev/null/sites" })).toMatchObject(clean);
});

test("the program's own ten listeners for its exit are as many as it may have", async () => {
  const text = `for (let one = 0; one < 10; one++) process.on("exit", () => {});`;
  expect(await run({ files: { "exits.cjs": text } })).toMatchObject(clean);
});

test.concurrent("node --test with a mocked clock passes, and the mocked clock has only the test's timers", async () => {
  const text = `
const { test, mock } = require("node:test");
const { equal } = require("node:assert");
const fs = require("node:fs");
test("a clock", () => {
  mock.method(fs, "writeFileSync", () => { throw new Error("not expected"); });
  mock.timers.enable();
  let fired = 0;
  setTimeout(() => fired++, 1000);
  mock.timers.tick(60_000);
  mock.timers.runAll();
  equal(fired, 1);
});
test("the next", async () => {
  mock.timers.reset();
  require("node:net").createServer().listen(0).unref();
  await new Promise((done) => setTimeout(done, 700));
});
`;
  const { printed, ...ended } = await run({ files: { "a.test.cjs": text }, flags: ["--test"] });
  expect(ended).toMatchObject(clean);
  expect(printed.find((line) => /pass \d/.test(line))).toMatch(/pass 2/);
});

test("a program that an extension of require() compiles starts, as it would not with --import", async () => {
  const files = {
    "main.other": `require("node:net").createServer().listen(0, function () { this.close(); });`,
    "register.cjs": `require.extensions[".other"] = require.extensions[".js"];`,
  };
  const ended = await run({ files, flags: ["--require", "./register.cjs"] });
  expect(ended).toMatchObject(clean);
  expect([...ended.sites.values()][0]?.at).toBe("main.other:1:36");
});

test("finwait and the program may both ask for it", async () => {
  const text = `require("node:net").createServer().listen(0, function () { this.close(); console.log(process.listenerCount("exit")); });`;
  const other = join(import.meta.dirname, "../../../dist/preload.mjs");
  const ended = await run({ files: { "twice.cjs": text }, flags: ["--import", other] });
  expect(ended).toMatchObject({ ...clean, printed: ["1"] });
});

test.concurrent("a program that is sent away while it listens has told where, before it ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "finwait-sites-"));
  try {
    const text = `
${untilWritten}
require("node:net").createServer().listen(0);
untilWritten("accept", () => process.kill(process.pid, "SIGKILL"));
`;
    const ended = await run({ files: { "killed.cjs": text }, folder });
    expect([...ended.sites.values()]).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
