import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { pattern } from "../../../src/protocol/payload.ts";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

const loopback = "127.0.0.1";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A server in the agent and a client, whose accepted end is `server/1`, unread. */
async function unreadPair(agent: AgentUnderTest, allowHalfOpen = true): Promise<number> {
  const { port } = await agent.ok("listen", {
    server: "server",
    address: loopback,
    port: 0,
    pauseOnConnect: true,
    allowHalfOpen,
  });
  await agent.ok("connect", { socket: "client", address: loopback, port, allowHalfOpen: true });
  await agent.event("client", "connect");
  await agent.notice("connection");
  return port;
}

/** The states of the server's own ends of its connections. */
async function serverStates(agent: AgentUnderTest, port: number): Promise<string[]> {
  const { stdout } = await agent.ok("run", {
    command: "ss",
    args: ["-tanHO", "exclude", "listening", "sport", "=", `:${port}`],
  });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/)[0] ?? "");
}

for (const runtime of runtimesUnderTest()) {
  describe.skipIf(runtime.missing !== undefined)(
    `shared sockets on ${runtime.name}${runtime.missing ? `: ${runtime.missing}` : ""}`,
    () => {
      describe("a socket in several processes", () => {
        test("close drops one reference, the last close sends the FIN", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          await agent.ok("fork", { child: "b" });
          const port = await unreadPair(agent);
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: true });
          await agent.ok("give", { socket: "server/1", child: "b", keepOpen: true });
          expect(await agent.notice("connection", ({ process }) => process === "a")).toMatchObject({
            server: "",
            socket: "server/1",
          });
          await agent.ok("destroy", { socket: "server/1" });
          await agent.event("server/1", "close");
          expect(await serverStates(agent, port)).toEqual(["ESTAB"]);
          await agent.ok("write", { socket: "server/1", bytes: 10 }, "a");
          await agent.event("client", "data", ({ total }) => total === 10);
          await agent.ok("destroy", { socket: "server/1" }, "a");
          await agent.event("server/1", "close", () => true, "a");
          expect(await serverStates(agent, port)).toEqual(["ESTAB"]);
          await agent.ok("write", { socket: "server/1", bytes: 10 }, "b");
          await agent.event("client", "data", ({ total }) => total === 20);
          expect(agent.events("client").map(({ name }) => name)).not.toContain("end");
          await agent.ok("destroy", { socket: "server/1" }, "b");
          await agent.event("client", "end");
          expect((await serverStates(agent, port))[0]).toMatch(/^FIN-WAIT-[12]$/);
        });

        test("shutdown acts at once, whatever the references", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const port = await unreadPair(agent);
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: true });
          await agent.ok("end", { socket: "server/1" }, "a");
          await agent.event("client", "end");
          expect((await serverStates(agent, port))[0]).toMatch(/^FIN-WAIT-[12]$/);
          await agent.request("write", { socket: "server/1", bytes: 10 });
          expect((await agent.event("server/1", "error")).code).toBe("EPIPE");
        });

        test("bytes that nobody had read go to the child, all of them", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          await unreadPair(agent);
          await agent.ok("write", { socket: "client", bytes: 50_000 });
          await agent.event("client", "written");
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: true });
          await agent.ok("end", { socket: "client", bytes: 3_000_000 });
          const end = await agent.event("server/1", "end", () => true, "a");
          expect(end).toMatchObject({ total: 3_050_000, sha256: sha256(pattern(0, 3_050_000)) });
          expect(await agent.ok("inspect", { socket: "server/1" })).toMatchObject({ bytesRead: 0 });
        });

        test("a child that is not to read leaves the bytes in the kernel", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const { port } = await agent.ok("listen", {
            server: "server",
            address: loopback,
            port: 0,
            pauseOnConnect: true,
            reading: "none",
          });
          await agent.ok("connect", { socket: "client", address: loopback, port });
          await agent.notice("connection");
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: true });
          await agent.ok("write", { socket: "client", bytes: 100 });
          await agent.event("client", "written");
          expect(await agent.ok("inspect", { socket: "server/1" }, "a")).toMatchObject({
            bytesRead: 0,
            readableLength: 0,
          });
          await agent.ok("read", { socket: "server/1" }, "a");
          await agent.ok("resume", { socket: "server/1" }, "a");
          await agent.event("server/1", "data", ({ total }) => total === 100, "a");
        });

        test("given without keepOpen it is the child's alone", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          await unreadPair(agent);
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: false });
          expect(await agent.errorOf("write", { socket: "server/1", bytes: 1 })).toMatchObject({
            code: "NO_SUCH_SOCKET",
          });
          await agent.ok("write", { socket: "server/1", bytes: 5 }, "a");
          await agent.event("client", "data", ({ total }) => total === 5);
          await agent.ok("destroy", { socket: "server/1" }, "a");
          await agent.event("client", "end");
        });

        test("a given socket keeps its allowHalfOpen", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          await unreadPair(agent, true);
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: false });
          await agent.ok("end", { socket: "client" });
          await agent.event("server/1", "end", () => true, "a");
          await agent.ok("end", { socket: "server/1", bytes: 9 }, "a");
          expect(await agent.event("client", "end")).toMatchObject({ total: 9 });
        });

        test("there is nothing to give of a closed socket", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          await unreadPair(agent);
          await agent.ok("destroy", { socket: "client" });
          const error = await agent.errorOf("give", { socket: "client", child: "a", keepOpen: true });
          expect(error).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
        });

        test("a child that dies drops its reference only", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          await agent.ok("fork", { child: "a" });
          const port = await unreadPair(agent);
          await agent.ok("give", { socket: "server/1", child: "a", keepOpen: true });
          await agent.ok("kill", { child: "a", signal: "SIGKILL" });
          expect(await serverStates(agent, port)).toEqual(["ESTAB"]);
          await agent.ok("write", { socket: "server/1", bytes: 5 });
          await agent.event("client", "data", ({ total }) => total === 5);
        });
      });

      describe("release", () => {
        test("what has the prefix is gone without a TIME-WAIT, the rest goes on", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          const { port } = await agent.ok("listen", {
            server: "one-server",
            address: loopback,
            port: 0,
            allowHalfOpen: true,
          });
          const other = await agent.ok("listen", { server: "two-server", address: loopback, port: 0 });
          await agent.ok("fork", { child: "one-child" });
          await agent.ok("fork", { child: "two-child" });
          for (const socket of ["one-a", "one-b"]) await agent.ok("connect", { socket, address: loopback, port });
          await agent.ok("connect", { socket: "two", address: loopback, port: other.port });
          await agent.event("two", "connect");
          await agent.notice("connection", ({ socket }) => socket === "one-server/2");
          agent.request("end", { socket: "one-a" });
          await agent.ok("release", { prefix: "one-" });
          await agent.ok("release", { prefix: "one-" });
          await agent.notice("childExit", ({ process }) => process === "one-child");
          const { stdout } = await agent.ok("run", { command: "ss", args: ["-tanHO", "sport", "=", `:${port}`] });
          expect(stdout).toBe("");
          const clients = await agent.ok("run", { command: "ss", args: ["-tanHO", "dport", "=", `:${port}`] });
          expect(clients.stdout).toBe("");
          expect(await agent.errorOf("inspect", { socket: "one-b" })).toMatchObject({ code: "NO_SUCH_SOCKET" });
          expect(await agent.ok("ping", {}, "two-child")).toEqual({});
          await agent.ok("end", { socket: "two", bytes: 3 });
          await agent.event("two-server/1", "end", ({ total }) => total === 3);
          await agent.ok("listen", { server: "one-server", address: loopback, port });
        });

        test("an attempt to connect is given up", async () => {
          await using agent = await AgentUnderTest.start(runtime);
          // TEST-NET-1: never answered, or refused at once where there is no route.
          await agent.ok("connect", { socket: "attempt", address: "192.0.2.1", port: 9 });
          await agent.ok("release", { prefix: "" });
          const { stdout } = await agent.ok("run", { command: "ss", args: ["-tanHO", "dst", "192.0.2.1"] });
          expect(stdout).toBe("");
        });
      });
    },
  );
}
