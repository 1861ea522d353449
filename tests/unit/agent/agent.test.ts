import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SocketEvent } from "../../../src/protocol/messages.ts";
import { pattern } from "../../../src/protocol/payload.ts";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

const loopback = "127.0.0.1";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** What a shell would make something else of. */
const awkward = [
  " ",
  "'",
  `"'"`,
  "a'\\''b",
  "$HOME",
  "$(id)",
  "`id`",
  "\\",
  "\\n\\0",
  "*",
  "~",
  "#",
  "!!",
  "a\nb\n",
  "✓ č\u{81}",
];
const names = (events: readonly SocketEvent[]) => events.map(({ name }) => name);

/** A connection inside one agent: `client` and `server/1`. */
async function pair(
  agent: AgentUnderTest,
  options: {
    allowHalfOpen?: boolean;
    pauseOnConnect?: boolean;
    reading?: string;
    clientReading?: string;
    process?: string;
  } = {},
): Promise<number> {
  const { clientReading, process, ...server } = options;
  const { port } = await agent.ok("listen", { server: "server", address: loopback, port: 0, ...server }, process);
  const reading = clientReading === undefined ? {} : { reading: clientReading };
  await agent.ok("connect", { socket: "client", address: loopback, port, allowHalfOpen: true, ...reading });
  await agent.event("client", "connect");
  await agent.notice("connection");
  return port;
}

for (const runtime of runtimesUnderTest()) {
  const isNode = runtime.name.startsWith("node");

  describe.skipIf(runtime.missing !== undefined)(
    `agent on ${runtime.name}${runtime.missing ? `: ${runtime.missing}` : ""}`,
    () => {
      describe("conversation", () => {
        test("its first words are its hello", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const [hello] = agent.notices;
          expect(hello).toMatchObject({
            notice: "hello",
            protocol: 1,
            runtime: { name: expect.stringMatching(/^(node|bun|deno)$/) },
          });
          expect(agent.stderr).toBe("");
        });

        test.runIf(isNode)("its stamps are on the clock of the one who started it", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const sent = Number(process.hrtime.bigint() - agent.epoch);
          const { startedAt, at } = await agent.request("ping", {});
          expect(startedAt).toBeGreaterThan(sent);
          expect(at).toBeGreaterThanOrEqual(startedAt);
          expect(at).toBeLessThan(Number(process.hrtime.bigint() - agent.epoch));
        });

        test("what is no request is answered or announced, and the agent lives on", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          agent.write("nonsense\n");
          await agent.notice("malformed", ({ message }) => message.includes("nonsense"));
          agent.write(new Uint8Array([0xff, 0xfe, 0x00, 0x0a]));
          expect(await agent.errorOf("fly" as "ping", {})).toMatchObject({ code: "UNKNOWN_CALL" });
          expect(await agent.errorOf("write", { socket: "x" } as never)).toMatchObject({ code: "BAD_PARAMETER" });
          expect(await agent.errorOf("write", { socket: "x", bytes: 1 })).toMatchObject({ code: "NO_SUCH_SOCKET" });
          expect(await agent.errorOf("closeServer", { server: "x" })).toMatchObject({ code: "NO_SUCH_SERVER" });
          expect(await agent.errorOf("ping", {}, "x")).toMatchObject({ code: "NO_SUCH_CHILD" });
          const connect = { socket: "x", address: loopback, port: 1, reading: "sometimes" };
          expect(await agent.errorOf("connect", connect)).toMatchObject({ code: "BAD_PARAMETER" });
          expect(await agent.ok("ping", {})).toEqual({});
        });

        test("a bad port is the runtime's own error", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const error = await agent.errorOf("connect", { socket: "x", address: loopback, port: 70_000 });
          expect(error.code).toBe("ERR_SOCKET_BAD_PORT");
        });

        test("it exits with 0 when its input ends", async () => {
          const agent = await AgentUnderTest.start(runtime);
          await pair(agent);
          agent.process.stdin?.end();
          expect(await agent.exited).toEqual({ code: 0, signal: null });
        });

        test("it survives SIGINT and exits at SIGTERM", async () => {
          const agent = await AgentUnderTest.start(runtime);
          agent.process.kill("SIGINT");
          expect(await agent.ok("ping", {})).toEqual({});
          agent.process.kill("SIGTERM");
          expect(await agent.exited).toEqual({ code: 0, signal: null });
        });

        test("it exits when nobody reads its output any more", async () => {
          const agent = await AgentUnderTest.start(runtime);
          agent.process.stdout?.destroy();
          const pings = setInterval(() => agent.write('{"id":1,"call":"ping","with":{}}\n'), 5);
          await agent.exited;
          clearInterval(pings);
        });
      });

      describe("sockets", () => {
        test("a connection is announced before its events, and ends as Node ends it", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent);
          const announced = await agent.notice("connection");
          const connected = await agent.event("client", "connect");
          expect(announced).toMatchObject({
            server: "server",
            socket: "server/1",
            local: connected.peer,
            peer: connected.local,
          });
          await agent.ok("end", { socket: "client" });
          const [client, server] = await Promise.all([
            agent.event("client", "close"),
            agent.event("server/1", "close"),
          ]);
          expect(client.hadError).toBe(false);
          expect(server).toMatchObject({ hadError: false, total: 0, sha256: sha256(new Uint8Array()) });
          expect(new Set(names(agent.events("client")))).toEqual(new Set(["connect", "finish", "end", "close"]));
          expect(names(agent.events("server/1")).sort()).toEqual(["close", "end", "finish"]);
          expect(agent.notices.indexOf(announced)).toBeLessThan(
            agent.notices.findIndex((notice) => notice.notice === "socket" && notice.socket === "server/1"),
          );
        });

        test("what is written arrives, counted and hashed, and continues the pattern", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent, { allowHalfOpen: true });
          await agent.ok("write", { socket: "client", bytes: 10 });
          await agent.ok("write", { socket: "client", bytes: 90_000 });
          await agent.ok("end", { socket: "client", bytes: 7 });
          const end = await agent.event("server/1", "end");
          expect(end).toEqual({ name: "end", total: 90_017, sha256: sha256(pattern(0, 90_017)) });
          await agent.event("client", "written", ({ total }) => total === 90_010);
          await agent.ok("end", { socket: "server/1", bytes: 3_000_000 });
          const close = await agent.event("client", "close");
          expect(close).toMatchObject({ total: 3_000_000, sha256: sha256(pattern(0, 3_000_000)) });
        });

        test("100 MiB arrive whole, in few notices, and the sender's memory stays small", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await using receiver = await AgentUnderTest.start(runtime);
          const { port } = await receiver.ok("listen", { server: "server", address: loopback, port: 0 });
          await agent.ok("connect", { socket: "client", address: loopback, port });
          const before = await agent.ok("descriptors", {});
          const bytes = 64 * 1024 * 1024;
          const { flowing, writableLength } = await agent.ok("write", { socket: "client", bytes });
          expect(flowing).toBe(false);
          expect(writableLength).toBeGreaterThan(bytes / 2);
          const during = await agent.ok("descriptors", {});
          if (isNode) expect(during.residentBytes - before.residentBytes).toBeLessThan(bytes / 2);
          await agent.event("client", "drain");
          await agent.ok("end", { socket: "client", bytes: 36 * 1024 * 1024 });
          const { total, sha256 } = await receiver.event("server/1", "end");
          expect(total).toBe(100 * 1024 * 1024);
          expect(sha256).toBe("e97ed8398a3bf4b9856e31a14071d08f1e14de7d8eca87d001fb66ad2b74a4ff");
          const events = receiver.events("server/1");
          const data = events.filter((event) => event.name === "data");
          expect(data.length).toBeLessThan(isNode ? 1200 : 3000);
          expect(data.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
          expect(names(events).lastIndexOf("data")).toBeLessThan(names(events).indexOf("end"));
        });

        test("a socket that does not read has its data waiting until it does", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent, { reading: "none", allowHalfOpen: true });
          await agent.ok("write", { socket: "client", bytes: 1000 });
          await agent.event("client", "written");
          expect(names(agent.events("server/1"))).not.toContain("data");
          await agent.ok("read", { socket: "server/1" });
          await agent.event("server/1", "data", ({ total }) => total === 1000);
        });

        test("pauseOnConnect leaves the bytes in the kernel until resume()", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent, { pauseOnConnect: true });
          await agent.ok("write", { socket: "client", bytes: 1000 });
          await agent.event("client", "written");
          expect(await agent.ok("inspect", { socket: "server/1" })).toMatchObject({ bytesRead: 0, readableLength: 0 });
          await agent.ok("resume", { socket: "server/1" });
          await agent.event("server/1", "data", ({ total }) => total === 1000);
        });

        test("writing after end() is the runtime's error event", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent, { allowHalfOpen: true });
          await agent.ok("end", { socket: "client" });
          await agent.request("write", { socket: "client", bytes: 10 });
          const written = await agent.event("client", "written");
          expect(written.error).toBe("ERR_STREAM_WRITE_AFTER_END");
          expect(await agent.event("client", "error")).toMatchObject({ code: "ERR_STREAM_WRITE_AFTER_END" });
        });

        test("a reset reaches the peer as ECONNRESET", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent);
          await agent.ok("resetAndDestroy", { socket: "client" });
          expect(await agent.event("server/1", "error")).toMatchObject({ code: "ECONNRESET" });
          expect(await agent.event("server/1", "close")).toMatchObject({ hadError: true });
        });

        test("a refused connection is an event, and the name is free again", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const { port } = await agent.ok("listen", { server: "gone", address: loopback, port: 0 });
          await agent.ok("closeServer", { server: "gone" });
          await agent.notice("server", ({ event }) => event === "close");
          await agent.ok("connect", { socket: "client", address: loopback, port });
          expect(await agent.event("client", "error")).toMatchObject({ code: "ECONNREFUSED" });
          await agent.event("client", "close");
          const { port: open } = await agent.ok("listen", { server: "there", address: loopback, port: 0 });
          await agent.ok("connect", { socket: "client", address: loopback, port: open });
          await agent.event("client", "connect");
          expect(await agent.errorOf("connect", { socket: "client", address: loopback, port: open })).toMatchObject({
            code: "BAD_PARAMETER",
          });
        });

        test("a port in use is refused with the runtime's code", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const { port } = await agent.ok("listen", { server: "first", address: loopback, port: 0 });
          expect(await agent.errorOf("listen", { server: "second", address: loopback, port })).toMatchObject({
            code: "EADDRINUSE",
          });
        });

        test("a silent socket's timeout is an event", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent);
          await agent.ok("setTimeout", { socket: "client", ms: 20 });
          await agent.event("client", "timeout");
          await agent.ok("setNoDelay", { socket: "client", enable: true });
          await agent.ok("setKeepAlive", { socket: "client", enable: true, initialDelayMs: 1000 });
        });

        test("inspect tells what the runtime believes", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await pair(agent, { allowHalfOpen: true });
          await agent.ok("write", { socket: "client", bytes: 100 });
          await agent.ok("end", { socket: "client" });
          await agent.event("client", "finish");
          expect(await agent.ok("inspect", { socket: "client" })).toMatchObject({
            readyState: "readOnly",
            destroyed: false,
            readable: true,
            writable: false,
            writableEnded: true,
            writableFinished: true,
            bytesWritten: 100,
          });
          await agent.ok("destroy", { socket: "client" });
          await agent.event("client", "close");
          expect(await agent.ok("inspect", { socket: "client" })).toMatchObject({
            destroyed: true,
            readyState: "closed",
          });
        });
      });

      describe("programs", () => {
        test("run gives output, input, exit code and stamps", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const ran = await agent.ok("run", {
            command: "sh",
            args: ["-c", "cat; echo bad >&2; exit 3"],
            input: "good ✓",
          });
          expect(ran).toMatchObject({ exitCode: 3, stdout: "good ✓", stderr: "bad\n" });
          expect(ran.endedAt).toBeGreaterThan(ran.startedAt);
          const killed = await agent.ok("run", { command: "sh", args: ["-c", "kill -9 $$"] });
          expect(killed.exitCode).toBe(137);
        });

        test("a program that is not there is ENOENT, by name", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const error = await agent.errorOf("run", { command: "no-such-program", args: [] });
          expect(error).toMatchObject({ code: "ENOENT", message: expect.stringContaining("no-such-program") });
        });

        test("a program that takes too long is killed, with all it wrote", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const ran = await agent.ok("run", {
            command: "sh",
            args: ["-c", "echo begun; sleep 5 & sleep 5"],
            timeoutMs: 300,
          });
          expect(ran).toMatchObject({ exitCode: -1, stdout: "begun\n", stderr: expect.stringContaining("300 ms") });
        });

        test("a program that writes without end is stopped, and the next one runs", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const error = await agent.errorOf("run", { command: "cat", args: ["/dev/zero"] });
          expect(error.code).toBe("ERR_CHILD_PROCESS_STDIO_MAXBUFFER");
          const next = await agent.ok("run", { command: "cat", args: ["/dev/fd/0"], input: "next\n" });
          expect(next).toMatchObject({ exitCode: 0, stdout: "next\n", stderr: "" });
        });

        test("words and input reach a program exactly as given", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const printed = await agent.ok("run", { command: "printf", args: ["%s\\0", ...awkward] });
          expect(printed).toMatchObject({ exitCode: 0, stdout: awkward.map((word) => `${word}\0`).join("") });
          // cat runs in the shell that stays, and is given the words as names of files.
          const folder = await mkdtemp(join(tmpdir(), "finwait words "));
          onTestFinished(() => rm(folder, { recursive: true }));
          const files = awkward.map((word) => join(folder, `-${word}`));
          await Promise.all(files.map((file) => writeFile(file, `${file}\0`)));
          const { stdout } = await agent.ok("run", { command: "cat", args: files });
          expect(stdout).toBe(files.map((file) => `${file}\0`).join(""));
          const input = `${awkward.join("\n").repeat(1000)}\n`;
          expect(await agent.ok("run", { command: "cat", args: [], input })).toMatchObject({ stdout: input });
        });

        test("of several programs at once, each has its own output, input and exit code", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const runs = Array.from({ length: 12 }, (_, number) => {
            const input = `input ${number}\n`;
            const [slow, quick] = [
              `sleep 0.1; cat; echo bad ${number} >&2; exit ${number}`,
              ["-", `/no/file-${number}`],
            ];
            return number % 2 === 0
              ? agent.ok("run", { command: "sh", args: ["-c", slow], input })
              : agent.ok("run", { command: "cat", args: quick, input });
          });
          for (const [number, ran] of (await Promise.all(runs)).entries()) {
            expect(ran.stdout).toBe(`input ${number}\n`);
            expect(ran.exitCode).toBe(number % 2 === 0 ? number : 1);
            expect(ran.stderr).toMatch(new RegExp(`^(bad ${number}|cat: .*file-${number}.*)\n$`));
          }
        });

        test("programs outside a user's PATH are found", async () => {
          await using agent = await AgentUnderTest.start(runtime, { env: { ...process.env, PATH: "/bin:/usr/bin" } });
          const { stdout } = await agent.ok("run", { command: "sh", args: ["-c", "echo $PATH"] });
          expect(stdout.trim().split(":")).toEqual(expect.arrayContaining(["/usr/sbin", "/sbin"]));
        });
      });
    },
  );
}
