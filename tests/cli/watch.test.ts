import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import type { WatchReading } from "../../src/model/watch.ts";

const cli = new URL("../../dist/cli.mjs", import.meta.url).pathname;

/** Runs the built command line as a user would; resolves however it ends. */
function watch(args: readonly string[]) {
  return execa(process.execPath, [cli, "watch", ...args], { reject: false, stdin: "ignore", timeout: 60_000 });
}

/**
 * A server that never closes what its peers have ended, and those peers, in one process each: `leaks` of them at once, and
 * then one every `everyMs`. A healthy one closes.
 */
const program = `
const net = require("node:net");
const [leaks, everyMs, isHealthy] = process.argv.slice(1).map(Number);
const held = [];
const server = net.createServer({ allowHalfOpen: !isHealthy }, (socket) => {
  socket.on("error", () => {}).resume();
  held.push(socket);
});
const open = () => net.connect(server.address().port, "127.0.0.1", function () { this.destroy(); }).on("error", () => {});
server.listen(0, "127.0.0.1", () => {
  for (let index = 0; index < leaks; index++) open();
  if (everyMs > 0) setInterval(open, everyMs);
  console.log(server.address().port);
});
`;

interface Subject extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: string;
  readonly port: string;
}

async function start(leaks: number, everyMs = 0, isHealthy = false): Promise<Subject> {
  const words = [leaks, everyMs, isHealthy ? 1 : 0].map(String);
  const child = spawn(process.execPath, ["-e", program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [port] = await once(createInterface(child.stdout), "line");
  return {
    child,
    pid: String(child.pid),
    port: String(port),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function readingsIn(stdout: string): WatchReading[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const closeWait = ({ states }: WatchReading) => states.find(({ state }) => state === "CLOSE-WAIT");

describe("finwait watch", () => {
  test("names the process, the state, what is wrong and the descriptor, and ends with 0 when --for is over", async () => {
    await using subject = await start(3);
    const { exitCode, stdout } = await watch(["--pid", subject.pid, "--for", "1500ms", "--every", "200ms"]);
    expect(stdout).toMatch(/^process \d+ \(node\) {3}watched/);
    expect(stdout).toMatch(/^1 s: node \(\d+\) .*CLOSE-WAIT|^0 s: node \(\d+\) .*CLOSE-WAIT/m);
    expect(stdout).toMatch(
      new RegExp(`^node \\(${subject.pid}\\) +CLOSE-WAIT +3 +not closed \\(Recv-Q 0\\) +≥ 1 s +too early +127`, "m"),
    );
    expect(stdout).toMatch(/^descriptors +node \(\d+\) has \d+ of [\d,]+ open/m);
    expect(stdout).toContain("not closed: the peer has closed, the program has not");
    expect(exitCode).toBe(0);
  });

  test("accuses no healthy server, whatever comes and goes", async () => {
    await using subject = await start(50, 20, true);
    const { exitCode, stdout } = await watch([
      ...["--pid", subject.pid, "--for", "2s", "--every", "100ms"],
      ...["--fail", "suspects.age > 1900ms", "--fail", "suspects.growth > 0/h"],
    ]);
    expect(exitCode, stdout).toBe(0);
  });

  test.each([
    ["--port", (subject: Subject) => ["--port", subject.port]],
    ["this network namespace", () => []],
  ])("watches %s, with the holder of what it finds", async (_what, target) => {
    await using subject = await start(3);
    const { stdout } = await watch([...target(subject), "--for", "500ms", "--every", "250ms", "--ndjson"]);
    const groups = readingsIn(stdout).flatMap((reading) => reading.groups);
    const ours = groups.filter(({ pid }) => String(pid) === subject.pid);
    expect(ours.length).toBeGreaterThan(1);
    expect(ours.every(({ count, cause }) => count === 3 && cause === "not-closed")).toBe(true);
  });

  test("--ndjson writes an object a reading, and nothing else on standard output", async () => {
    await using subject = await start(2, 400);
    const { stdout, exitCode } = await watch(["--pid", subject.pid, "--for", "2s", "--every", "500ms", "--ndjson"]);
    const readings = readingsIn(stdout);
    expect(readings.map(({ reading }) => reading)).toEqual(readings.map((_, index) => index + 1));
    const [first, last] = [readings[0], readings.at(-1)];
    expect(first).toMatchObject({ subject: `process ${subject.pid} (node)`, watchedMs: 0, passed: [], blind: [] });
    expect(last?.watchedMs).toBeGreaterThanOrEqual(1_900);
    expect(last?.totals).toMatchObject({ inUse: expect.any(Number), timeWait: expect.any(Number) });
    expect(last && closeWait(last)?.count).toBeGreaterThan((first && closeWait(first)?.count) ?? 0);
    expect(last?.groups[0]?.oldest).toMatchObject({
      cause: "not-closed",
      row: { state: "CLOSE-WAIT", cookie: expect.any(String), line: expect.stringContaining("CLOSE-WAIT") },
      holders: [{ pid: Number(subject.pid), process: "node", fd: expect.any(Number) }],
    });
    expect(last?.descriptors).toMatchObject([{ pid: Number(subject.pid), open: expect.any(Number) }]);
    expect(exitCode).toBe(0);
  });

  test("a threshold that is passed ends it with 1, and says which socket, why, and what mends it", async () => {
    await using subject = await start(2);
    const { exitCode, stdout } = await watch([
      ...["--pid", subject.pid, "--every", "200ms", "--fail", "fin-wait-2 > 100", "--fail", "close-wait.age > 600ms"],
    ]);
    expect(stdout).toContain('--fail "close-wait.age > 600ms": it is ≥');
    expect(stdout).not.toContain('--fail "fin-wait-2');
    expect(stdout).toMatch(new RegExp(`oldest +CLOSE-WAIT 127.0.0.1:${subject.port} ↔ .*fd \\d+ of node`));
    expect(stdout).toMatch(/mend +Call socket\.end\(\)/);
    expect(stdout).toMatch(/evidence +CLOSE-WAIT .*sk:/);
    expect(exitCode).toBe(1);
  });

  test("growth is told from what lasts, and foretells EMFILE", async () => {
    await using subject = await start(0, 100);
    const { exitCode, stdout } = await watch([
      ...["--pid", subject.pid, "--every", "1s", "--for", "40s", "--fail", "close-wait.growth > 1000/h"],
    ]);
    expect(stdout).toMatch(/--fail "close-wait\.growth > 1000\/h": it is \+3\d,\d{3}\/h/);
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/none is left in .*, and what it opens then fails with EMFILE/);
    expect(exitCode).toBe(1);
  }, 60_000);

  test("descriptors that run out pass a threshold, with the process in question", async () => {
    await using subject = await start(0);
    const { exitCode, stderr, stdout } = await watch([
      "--pid",
      subject.pid,
      "--ndjson",
      "--fail",
      "descriptors.open > 1",
    ]);
    expect(stderr).toMatch(/--fail "descriptors\.open > 1": it is \d+\n +node \(\d+\) has/);
    expect(readingsIn(stdout).at(-1)?.passed).toMatchObject([{ descriptors: { pid: Number(subject.pid) } }]);
    expect(exitCode).toBe(1);
  });

  test("--metrics serves the last reading on loopback", async () => {
    await using subject = await start(2);
    const running = watch(["--pid", subject.pid, "--every", "100ms", "--ndjson", "--metrics", ":0"]);
    const [line] = await once(createInterface(running.stderr), "line");
    const url = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(String(line))?.[1] ?? "";
    await once(running.stdout, "data");
    const response = await fetch(url, { headers: { accept: "application/openmetrics-text" } });
    const text = await response.text();
    expect(response.headers.get("content-type")).toContain("application/openmetrics-text");
    expect(text).toContain('finwait_sockets{state="CLOSE-WAIT",process="node"} 2');
    expect(text).toMatch(new RegExp(`finwait_descriptors_open\\{process="node",pid="${subject.pid}"\\} \\d+`));
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
  });

  test("a port that is in use for --metrics ends with 2", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const { exitCode, stderr } = await watch(["--metrics", `:${port}`]);
    server.close();
    expect(stderr).toContain("EADDRINUSE");
    expect(exitCode).toBe(2);
  });

  test("Ctrl-C ends it with 130 and leaves the last table", async () => {
    await using subject = await start(1);
    const running = watch(["--pid", subject.pid, "--every", "1h"]);
    await once(running.stdout, "data");
    running.kill("SIGINT");
    const { exitCode, stdout } = await running;
    expect(stdout).toMatch(/^node \(\d+\) +CLOSE-WAIT +1 /m);
    expect(exitCode).toBe(130);
  });

  test("a process that ends ends it with 3", async () => {
    await using subject = await start(1);
    const running = watch(["--pid", subject.pid, "--every", "100ms", "--for", "50s"]);
    await once(running.stdout, "data");
    subject.child.kill("SIGKILL");
    const { exitCode, stderr } = await running;
    expect(stderr).toContain("FINWAIT_SUBJECT_GONE");
    expect(exitCode).toBe(3);
  });

  test("a process that is not there ends it with 3", async () => {
    const { exitCode, stderr } = await watch(["--pid", String(2 ** 22)]);
    expect(stderr).toContain("There is no process 4194304");
    expect(exitCode).toBe(3);
  });

  test.each([
    ["two targets", ["--pid", "1", "--port", "80"], "Give one of --pid, --port and --container"],
    ["a pid that is none", ["--pid", "node"], "--pid takes a whole number from 1"],
    ["a port that is none", ["--port", "70000"], "--port takes a whole number from 1 to 65535"],
    ["a duration without a unit", ["--for", "30"], 'like 500ms, 30s, 5m, 1h or 1d, not "30"'],
    ["an address that is none", ["--metrics", "here"], "--metrics takes [HOST]:PORT"],
    ["an expression that is none", ["--fail", "sockets"], 'There is no threshold for "sockets"'],
    ["a word that is misspelt", ["--fail", "close-wiat.age > 5s"], 'Did you mean "close-wait"?'],
    ["an age without a unit", ["--fail", "close-wait.age > 60"], "An age is compared with a duration"],
    ["an argument nobody asked for", ["4711"], "too many arguments"],
  ])("%s ends with 2", async (_what, args, said) => {
    const { exitCode, stderr, stdout } = await watch(args);
    expect(stderr).toContain(said);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
