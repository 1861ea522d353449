import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { type FindLeaksOptions, findLeaks, type LeakTarget } from "../../src/leak/find-leaks.ts";
import { outlive } from "../../src/leak/outlive.ts";
import { openMachineSource } from "../../src/leak/sources/machine.ts";
import { openProcessSource } from "../../src/leak/sources/process.ts";
import { Tracker } from "../../src/leak/tracker.ts";

const graceMs = 1_000;
const patiently = { timeout: 15_000 };
const started: ChildProcess[] = [];
const opened: Socket[] = [];

afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  // The group: a shell's child would stay.
  for (const { pid } of started.splice(0)) if (pid !== undefined) kill(pid);
});

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A server of somebody's: `body` has `net`, `options`, `onSocket`, and says its port when it listens. */
interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

const listens = `server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

async function startServer(
  onSocket: string,
  { options = "{}", before = [] as readonly string[] } = {},
): Promise<Program> {
  const script = `const net = require("node:net");
    const server = net.createServer(${options}, (socket) => { socket.on("error", () => {}); ${onSocket} });
    ${listens}`;
  const [command = "", ...args] = [...before, process.execPath, "-e", script];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  started.push(child);
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return { child, pid: child.pid ?? 0, port: Number(port) };
}

/** A client of ours; half open unless it is said otherwise, so that it ends when we say so. */
async function dial(port: number, allowHalfOpen = true): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  opened.push(socket);
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  return socket;
}

/** Opens connections, says a byte on each, ends them, and waits until the kernel has sent the end. */
async function dialAndEnd(port: number, count = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await dial(port);
      socket.end("x");
      await once(socket, "finish");
    }),
  );
}

async function finWait1(pid: number): Promise<boolean> {
  await using source = await openProcessSource(pid);
  return (await source.read()).rows.some(({ state }) => state === "FIN-WAIT-1");
}

const look = (target: LeakTarget, options: FindLeaksOptions = { graceMs }) => findLeaks(target, options);

describe("a process that leaks is told what, and one that does not is not accused", () => {
  test("CLOSE-WAIT: the end was read, and with allowHalfOpen nobody closes", async () => {
    const { child, pid, port } = await startServer("socket.resume();", { options: "{ allowHalfOpen: true }" });
    await dialAndEnd(port, 3);
    const report = await look(child);
    expect(report.leaked.map(({ cause }) => cause)).toEqual(["not-closed", "not-closed", "not-closed"]);
    for (const { row, holders, ageMs } of report.leaked) {
      expect(row).toMatchObject({ state: "CLOSE-WAIT", recvQ: 0, local: { port } });
      expect(holders).toEqual([{ pid, process: "node", fd: expect.any(Number) }]);
      expect(ageMs).toBeGreaterThanOrEqual(graceMs);
      expect(ageMs).toBeLessThanOrEqual(report.watchedMs);
    }
    expect(report).toMatchObject({ subject: `process ${pid} (node)`, undecided: 0, graceMs, blind: [] });
    expect(report.descriptors).toEqual([{ pid, process: "node", open: expect.any(Number), limit: expect.any(Number) }]);
  });

  test("CLOSE-WAIT: nobody reads, and the end waits behind a byte", async () => {
    const { pid, port } = await startServer("", { options: "{ pauseOnConnect: true }" });
    await dialAndEnd(port);
    const { leaked } = await look(pid);
    expect(leaked).toMatchObject([{ cause: "not-read", row: { state: "CLOSE-WAIT", recvQ: 2 } }]);
  });

  test("FIN-WAIT-2: the program ended, and waits for a peer that never does", async () => {
    const { pid, port } = await startServer("socket.end(); socket.resume();", { options: "{ allowHalfOpen: true }" });
    await once(await dial(port), "end");
    expect((await look(pid)).leaked).toMatchObject([{ cause: "half-closed", row: { state: "FIN-WAIT-2" } }]);
  });

  test("FIN-WAIT-1: what was written does not leave, for the peer does not read", async () => {
    // More than an unread window takes, and less than what the kernel keeps for a sender: behind more there is no FIN yet.
    const { pid, port } = await startServer("socket.end(Buffer.alloc(384 * 1024)); socket.resume();");
    const socket = connect({ port, host: "127.0.0.1" }).pause();
    opened.push(socket);
    await once(socket, "connect");
    await expect.poll(() => finWait1(pid), patiently).toBe(true);
    expect((await look(pid)).leaked).toMatchObject([{ cause: "not-sent", row: { state: "FIN-WAIT-1" } }]);
  });

  test("an echo server is healthy, and is said to be at once", async () => {
    const { pid, port } = await startServer("socket.pipe(socket);");
    await dialAndEnd(port, 20);
    await dial(port);
    const report = await look(pid, { graceMs: 60_000 });
    expect(report).toMatchObject({ leaked: [], undecided: 0 });
  });

  test("a descendant's leak is the process's, and the holder is named", async () => {
    const { pid, port } = await startServer("socket.resume();", {
      options: "{ allowHalfOpen: true }",
      before: ["sh", "-c", '"$@"; true', "sh"],
    });
    await dialAndEnd(port);
    const [leak] = (await look(pid)).leaked;
    expect(leak?.holders[0]?.process).toBe("node");
    expect(leak?.holders[0]?.pid).not.toBe(pid);
  });

  test("another process's leak on the same machine is not this one's", async () => {
    const healthy = await startServer("socket.pipe(socket);");
    const leaky = await startServer("socket.resume();", { options: "{ allowHalfOpen: true }" });
    await dialAndEnd(leaky.port);
    await dialAndEnd(healthy.port);
    // The peers of the leaked sockets are this very process's, half-closed until it is over.
    const ours = (await look(process.pid)).leaked.filter(({ holders }) =>
      holders.some(({ pid }) => pid === process.pid),
    );
    expect(ours).toMatchObject([{ cause: "half-closed", row: { peer: { port: leaky.port } } }]);
    expect((await look(healthy.pid)).leaked).toEqual([]);
    expect((await look({ port: healthy.port })).leaked).toEqual([]);
  });
});

describe("an event loop that is blocked", () => {
  const busy = (ms: number) =>
    `socket.once("data", () => { const end = Date.now() + ${ms}; while (Date.now() < end); }); socket.resume();`;

  test("for less than the grace heals, and is waited for", async () => {
    const { pid, port } = await startServer(busy(1_000));
    await dialAndEnd(port, 5);
    const report = await look(pid, { graceMs: 8_000 });
    expect(report).toMatchObject({ leaked: [], undecided: 0 });
    expect(report.readings).toBeGreaterThan(1);
  });

  test("for longer than the grace holds its sockets for longer than the grace", async () => {
    const { pid, port } = await startServer(busy(20_000));
    await dialAndEnd(port);
    expect((await look(pid)).leaked).toMatchObject([{ row: { state: "CLOSE-WAIT" } }]);
  });
});

test("a connection that ended before it was accepted is waited for, and not called leaked", async () => {
  const { pid, port } = await startServer(`const end = Date.now() + 20_000; while (Date.now() < end);`);
  await dial(port);
  await dialAndEnd(port);
  expect(await look(pid)).toMatchObject({ leaked: [], undecided: 1 });
});

test("a descriptor whose connection was reset unread is found by who watched it from before", async () => {
  const { pid, port } = await startServer("", { options: "{ pauseOnConnect: true }" });
  await using source = await openProcessSource(pid, { everything: true });
  const tracker = new Tracker({ remembersAll: true });
  const socket = await dial(port);
  await expect.poll(async () => (await source.read()).rows.length, patiently).toBe(1);
  expect(tracker.take(await source.read())).toEqual([]);
  socket.resetAndDestroy();
  await once(socket, "close");
  const report = await outlive(source, tracker, { graceMs });
  expect(report.leaked).toMatchObject([
    { cause: "abandoned", row: { state: "ESTABLISHED", local: { port } }, holders: [{ pid }] },
  ]);
});

test("a port's and the machine's leaks are found, with their holders", async () => {
  const { pid, port } = await startServer("socket.resume();", { options: "{ allowHalfOpen: true }" });
  await dialAndEnd(port, 2);
  const report = await look({ port });
  expect(report).toMatchObject({ subject: `port ${port}`, descriptors: [{ pid }] });
  expect(report.leaked.map(({ holders }) => holders[0]?.pid)).toEqual([pid, pid]);
  await using machine = await openMachineSource();
  const { leaked } = await outlive(machine, new Tracker(), { graceMs });
  const here = leaked.filter(({ row }) => row.local.port === port);
  expect(here.map(({ cause, holders }) => [cause, holders[0]?.pid])).toEqual([
    ["not-closed", pid],
    ["not-closed", pid],
  ]);
});

describe("a target that is not there", () => {
  test("a process that ends meanwhile holds nothing", async () => {
    const { child, port } = await startServer("socket.resume();", { options: "{ allowHalfOpen: true }" });
    await dialAndEnd(port);
    await using source = await openProcessSource(child.pid ?? 0);
    const tracker = new Tracker();
    const looking = outlive(source, tracker, { graceMs: 60_000 });
    await expect.poll(() => tracker.suspects().length, patiently).toBe(1);
    child.kill("SIGKILL");
    expect(await looking).toMatchObject({ subjectEnded: true, leaked: [], undecided: 0 });
  });

  test.for<[string, LeakTarget, string]>([
    ["a process id nobody has", 4_194_304, "FINWAIT_SUBJECT_GONE"],
    ["a port nobody has", { port: 1 }, "FINWAIT_SUBJECT_GONE"],
    ["a child that could not be started", { pid: undefined }, "FINWAIT_USAGE"],
    ["no process id", -1, "FINWAIT_USAGE"],
    ["no port", { port: 65_536 }, "FINWAIT_USAGE"],
  ])("%s is an error", async ([, target, code]) => {
    await expect(look(target)).rejects.toMatchObject({ code });
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY, 0, -1])("a grace of %d is an error", async (graceMs) => {
    const message = expect.stringMatching(/^graceMs is (a number of|more than 0) milliseconds/);
    await expect(look(process.pid, { graceMs })).rejects.toMatchObject({ code: "FINWAIT_USAGE", message });
  });

  // As JavaScript calls it.
  test.for<[string, readonly unknown[], string]>([
    ["no target", [], "undefined is nothing to look at"],
    ["null", [null], "null is nothing to look at"],
    ["a name", ["nginx"], '"nginx" is nothing to look at'],
    ["an empty object", [{}], "none of pid, port, container and getId()"],
    ["no options", [process, null], "are an object such as"],
    ["the matcher's option", [process, { grace: 100 }], 'no option "grace"; it has "graceMs"'],
  ])("%s is an error that says what could stand there", async ([, args, said]) => {
    await expect(Reflect.apply(findLeaks, undefined, args)).rejects.toMatchObject({
      code: "FINWAIT_USAGE",
      message: expect.stringContaining(said),
    });
  });
});
