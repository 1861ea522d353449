import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { type Endpoint, openLab } from "../../src/index.ts";
import type { TraceEvent } from "../../src/observe/tracepoint/parse.ts";
import { openTracing } from "../../src/observe/tracepoint/tracing.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";
import { childrenOf } from "../support/processes.ts";

const program = new URL("./trace-and-wait.ts", import.meta.url).pathname;

/** Why the kernel cannot be traced here; undefined where it can. */
const reason = await openTracing(0n, () => {}).then(
  async (tracing) => {
    await tracing[Symbol.asyncDispose]();
    return undefined;
  },
  (error: Error) => error.message,
);

/** Instances that a harness with this process id made; tracefs is looked at where it is not mounted, too. */
function instancesOf(pid: number): string[] {
  const look = `[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing
    ls /sys/kernel/tracing/instances`;
  const listing = execFileSync("unshare", ["--mount", "sh", "-c", look], { encoding: "utf8" });
  return listing.split("\n").filter((name) => name.startsWith(`finwait-${pid}-`));
}

function told(events: readonly TraceEvent[], { local, peer }: Endpoint): string[] {
  return events.flatMap((event) => {
    if (!("local" in event) || event.local.port !== local.port || event.local.address !== local.address) return [];
    if (event.peer.port !== peer.port || event.peer.address !== peer.address) return [];
    return event.kind === "transition" ? `${event.from} → ${event.to}` : event.kind;
  });
}

const opened = ["CLOSED → SYN-SENT", "SYN-SENT → ESTABLISHED"];
const accepted = ["LISTEN → SYN-RECEIVED", "SYN-RECEIVED → ESTABLISHED"];

/** More hosts than anybody else uses: their addresses are in no other lab that is open on this machine meanwhile. */
const hosts = ["client", "idle-1", "idle-2", "idle-3", "server"];

function defineOnDriver(driver: "netns" | "docker"): void {
  test("has every state of both ends of an orderly close, in order, at its time on our clock", async () => {
    const events: TraceEvent[] = [];
    const epoch = process.hrtime.bigint();
    await using tracing = await openTracing(epoch, (event) => events.push(event));
    await using lab = await openLab({ driver, hosts: driver === "netns" ? hosts : ["client", "server"] });
    const began = Number(process.hrtime.bigint() - epoch);
    const { client, server } = await lab.connect();
    await tracing.drain();
    expect(told(events, client)).toEqual(opened);
    expect(told(events, server)).toEqual(accepted);

    await client.end();
    await server.reaches("CLOSED");
    await client.reaches("TIME-WAIT");
    expect(await tracing.drain()).toEqual({ lost: 0 });
    const ended = Number(process.hrtime.bigint() - epoch);
    const closedFirst = ["ESTABLISHED → FIN-WAIT-1", "FIN-WAIT-1 → FIN-WAIT-2", "FIN-WAIT-2 → CLOSED"];
    const closedSecond = ["ESTABLISHED → CLOSE-WAIT", "CLOSE-WAIT → LAST-ACK", "LAST-ACK → CLOSED"];
    expect(told(events, client)).toEqual([...opened, ...closedFirst]);
    expect(told(events, server)).toEqual([...accepted, ...closedSecond]);
    const times = events.flatMap((event) => (told([event], client).length > 0 && "atNs" in event ? [event.atNs] : []));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.filter((atNs) => atNs < began || atNs > ended)).toEqual([]);
  });

  test("has a reset at both ends, over IPv6", async () => {
    const events: TraceEvent[] = [];
    await using tracing = await openTracing(process.hrtime.bigint(), (event) => events.push(event));
    await using lab = await openLab({ driver, hosts: driver === "netns" ? hosts : ["client", "server"] });
    const { client, server } = await lab.connect({ server: { bind: "v6" }, client: { family: 6 } });
    await client.resetAndDestroy();
    await server.reaches("CLOSED");
    await tracing.drain();
    expect(told(events, client)).toEqual([...opened, "ESTABLISHED → CLOSED", "reset sent"]);
    expect(told(events, server)).toEqual([...accepted, "reset received", "ESTABLISHED → CLOSED"]);
  });
}

if (reason !== undefined) test.skip(`the kernel's own story: skipped, because it ${reason}`, () => {});
else {
  describeOnEveryDriver("the kernel's own story", defineOnDriver);

  describe("a tracing instance", () => {
    test("says how much its buffers lost while nobody could read", async () => {
      const losses: TraceEvent[] = [];
      await using tracing = await openTracing(process.hrtime.bigint(), (event) => {
        if (event.kind === "lost") losses.push(event);
      });
      const [name = ""] = instancesOf(process.pid);
      const reader = readerOf(name);
      process.kill(reader, "SIGSTOP");
      const marker = `/proc/${reader}/root/sys/kernel/tracing/instances/${name}/trace_marker`;
      // More than 4 MiB a processor, wherever this runs meanwhile.
      for (let written = 0; written < 24_000; written++) writeFileSync(marker, `${written}`.padEnd(900, "."));
      process.kill(reader, "SIGCONT");
      const { lost } = await tracing.drain();
      expect(lost).toBeGreaterThan(0);
      expect(losses.reduce((sum, loss) => sum + (loss.kind === "lost" ? loss.events : 0), 0)).toBe(lost);
      expect(await tracing.drain()).toEqual({ lost });
    });

    test("says that its reader is gone, and goes too", async () => {
      const tracing = await openTracing(process.hrtime.bigint(), () => {});
      process.kill(readerOf(instancesOf(process.pid)[0] ?? ""), "SIGKILL");
      await expect(tracing.drain()).rejects.toThrow("the reader of trace_pipe ended with code 137");
      expect(instancesOf(process.pid)).toEqual([]);
      await tracing[Symbol.asyncDispose]();
    });

    test("is gone when it is disposed, twice or in the middle of a drain too", async () => {
      const tracing = await openTracing(process.hrtime.bigint(), () => {});
      expect(instancesOf(process.pid).length).toBe(1);
      const drained = expect(tracing.drain()).rejects.toThrow(/tracing script exited/);
      await Promise.all([tracing[Symbol.asyncDispose](), tracing[Symbol.asyncDispose]()]);
      expect(instancesOf(process.pid)).toEqual([]);
      await drained;
    });

    test.each([
      ["is killed with SIGKILL", "wait", "SIGKILL"],
      ["is interrupted and does not care", "wait", "SIGINT"],
      ["throws", "throw", undefined],
      ["exits", "exit", undefined],
    ] as const)("is gone when its harness %s", async (_, mood, signal) => {
      const { child, ended } = await traceInAnotherProcess(mood);
      if (signal !== undefined) {
        expect(instancesOf(child.pid ?? 0).length).toBe(1);
        child.kill(signal);
      }
      await ended;
      await expect.poll(() => instancesOf(child.pid ?? 0), { timeout: 15_000 }).toEqual([]);
    });

    test("that was killed together with its harness is swept away by the next, which leaves alone what is in use", async () => {
      const living = await traceInAnotherProcess("wait");
      const dead = await traceInAnotherProcess("wait");
      const family = childrenOf(dead.child.pid ?? 0);
      expect(family.length).toBe(4);
      for (const pid of [...family, dead.child.pid ?? 0]) kill(pid);
      await dead.ended;
      await expect.poll(() => family.filter((pid) => readState(pid) !== undefined), { timeout: 15_000 }).toEqual([]);

      await using _next = await openTracing(process.hrtime.bigint(), () => {});
      expect(instancesOf(dead.child.pid ?? 0)).toEqual([]);
      expect(instancesOf(living.child.pid ?? 0).length).toBe(1);
      living.child.kill("SIGKILL");
      await living.ended;
    });
  });
}

/** With process 1 of its namespace, the others may be gone before it is their turn. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function traceInAnotherProcess(mood: string) {
  const child = spawn(process.execPath, [program, mood], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [line] = await once(createInterface(child.stdout), "line");
  expect(line).toBe("open, 0 lost");
  return { child, ended };
}

/** The process that reads an instance's trace_pipe. */
function readerOf(instance: string): number {
  const isReader = (pid: string) => {
    try {
      const isCat = readFileSync(`/proc/${pid}/comm`, "utf8") === "cat\n";
      return isCat && readlinkSync(`/proc/${pid}/fd/0`).endsWith(`${instance}/trace_pipe`);
    } catch {
      return false;
    }
  };
  const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isReader(name));
  expect(found.length).toBe(1);
  return Number(found[0]);
}

function readState(pid: number): string | undefined {
  try {
    return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
