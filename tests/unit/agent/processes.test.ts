import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pattern } from "../../../src/protocol/payload.ts";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

const loopback = "127.0.0.1";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const hasPrlimit = existsSync("/usr/bin/prlimit");

for (const runtime of runtimesUnderTest()) {
  const isNode = runtime.name.startsWith("node");

  describe.skipIf(runtime.missing !== undefined)(
    `processes on ${runtime.name}${runtime.missing ? `: ${runtime.missing}` : ""}`,
    () => {
      describe("children", () => {
        test("a child says hello under its name and does what it is told", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const { pid } = await agent.ok("fork", { child: "a" });
          expect(await agent.notice("hello", ({ process }) => process === "a")).toMatchObject({ pid });
          expect(pid).not.toBe(agent.process.pid);
          const { port } = await agent.ok("listen", { server: "s", address: loopback, port: 0 }, "a");
          await agent.ok("connect", { socket: "c", address: loopback, port });
          expect(await agent.notice("connection")).toMatchObject({ process: "a", server: "s", socket: "s/1" });
          await agent.ok("end", { socket: "c", bytes: 1000 });
          expect(await agent.event("s/1", "end", () => true, "a")).toMatchObject({
            total: 1000,
            sha256: sha256(pattern(0, 1000)),
          });
          expect(await agent.errorOf("write", { socket: "c", bytes: 1 }, "a")).toMatchObject({
            code: "NO_SUCH_SOCKET",
          });
          expect(await agent.errorOf("fork", { child: "b" }, "a")).toMatchObject({ code: "UNSUPPORTED" });
          expect(await agent.errorOf("fork", { child: "a" })).toMatchObject({ code: "BAD_PARAMETER" });
        });

        test("a child's stamps are on its parent's clock", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const before = await agent.request("ping", {});
          const inChild = await agent.request("ping", {}, "a");
          const after = await agent.request("ping", {});
          const slack = isNode ? 0 : 500_000;
          expect(inChild.startedAt).toBeGreaterThan(before.at - slack);
          expect(inChild.at).toBeLessThan(after.startedAt + slack);
        });

        test("while a child's loop is blocked, the host's agent is free and its kernel tables can be read", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const blocked = agent.request("block", { ms: 400 }, "a");
          const { at } = await agent.notice("blocked", ({ process }) => process === "a");
          const waiting = agent.request("ping", {}, "a");
          const ran = await agent.ok("run", { command: "ss", args: ["-tanH"] });
          const { startedAt, at: over } = await blocked;
          expect(ran.endedAt).toBeLessThan(over);
          expect(over - at).toBeGreaterThanOrEqual(395e6);
          expect(startedAt).toBeLessThanOrEqual(at + (isNode ? 0 : 1e6));
          expect((await waiting).startedAt).toBeGreaterThanOrEqual(over - (isNode ? 0 : 1e6));
        });

        test("a child's death is announced, and what it was asked is refused by name", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const pending = agent.errorOf("block", { ms: 60_000 }, "a");
          await agent.notice("blocked");
          expect(await agent.ok("kill", { child: "a", signal: "SIGKILL" })).toEqual({
            exitCode: null,
            signal: "SIGKILL",
          });
          expect(await agent.notice("childExit")).toMatchObject({ process: "a", exitCode: null, signal: "SIGKILL" });
          expect(await pending).toEqual({
            code: "CHILD_EXITED",
            message: 'Child agent "a" exited with SIGKILL before answering "block".',
          });
          expect(await agent.errorOf("ping", {}, "a")).toMatchObject({ code: "NO_SUCH_CHILD" });
          await agent.ok("fork", { child: "a" });
        });

        test("an unknown signal is an error, and a stopped child goes on when continued", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          expect((await agent.errorOf("kill", { child: "a", signal: "SIGNOTHING" })).code).toMatch(
            /ERR_UNKNOWN_SIGNAL|TypeError/,
          );
          expect(await agent.ok("kill", { child: "a", signal: "SIGSTOP" })).toEqual({ exitCode: null, signal: null });
          const late = agent.ok("ping", {}, "a");
          await agent.ok("kill", { child: "a", signal: "SIGCONT" });
          await late;
        });

        test("children end with the agent, however it ends", async () => {
          const agent = await AgentUnderTest.start(runtime);
          const { pid } = await agent.ok("fork", { child: "a" });
          agent.process.kill("SIGKILL");
          await agent.exited;
          await expect.poll(() => existsSync(`/proc/${pid}/fd/0`), { timeout: 5000 }).toBe(false);
        });
      });

      describe("limits", () => {
        test.runIf(hasPrlimit)("a child with a limit of descriptors has it", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a", nofile: 128 });
          expect(await agent.ok("descriptors", {}, "a")).toMatchObject({ softLimit: 128, hardLimit: 128 });
        });

        test("without prlimit a limit is unsupported, by name", async () => {
          await using agent = await AgentUnderTest.start(runtime, { env: { ...process.env, PATH: "/nowhere" } });
          const error = await agent.errorOf("fork", { child: "a", nofile: 128 });
          expect(error).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("prlimit") });
          await agent.ok("fork", { child: "a" });
        });

        test("descriptors are counted exactly", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const { port } = await agent.ok("listen", { server: "s", address: loopback, port: 0 });
          await agent.ok("connect", { socket: "c0", address: loopback, port });
          await agent.notice("connection");
          const before = await agent.ok("descriptors", {});
          await agent.ok("connect", { socket: "c", address: loopback, port });
          await agent.event("c", "connect");
          await agent.notice("connection", ({ socket }) => socket === "s/2");
          const after = await agent.ok("descriptors", {});
          expect(after.open - before.open).toBe(2);
          expect(after.residentBytes).toBeGreaterThan(1e6);
        });

        test.runIf(hasPrlimit && isNode)(
          "a process without descriptors lives on: it reports, counts and serves again",
          async () => {
            await using agent = await AgentUnderTest.start(runtime);
            await using clients = await AgentUnderTest.start(runtime);
            const { pid } = await agent.ok("fork", { child: "a", nofile: 64 });
            const { port } = await agent.ok("listen", { server: "s", address: loopback, port: 0 }, "a");
            const connect = (socket: string) => clients.ok("connect", { socket, address: loopback, port });
            for (let index = 0; index < 60; index++) await connect(`c${index}`);
            // libuv accepts what it has no descriptor for and closes it at once: neither 'error' nor 'drop' tells of it.
            await clients.event("c59", "end");
            const { open, softLimit } = await agent.ok("descriptors", {}, "a");
            expect(softLimit).toBe(64);
            const { stdout } = await agent.ok("run", { command: "ls", args: [`/proc/${pid}/fd`] });
            expect(open).toBe(stdout.trim().split("\n").length);
            expect((await agent.errorOf("run", { command: "true", args: [] }, "a")).code).toBe("EMFILE");
            await clients.ok("release", { prefix: "c" });
            await agent.event("s/1", "close", () => true, "a");
            await connect("again");
            await clients.event("again", "connect");
            await clients.ok("end", { socket: "again" });
            await clients.event("again", "end");
          },
        );
      });
    },
  );
}
