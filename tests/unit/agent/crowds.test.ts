import { describe, expect, test } from "vitest";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

const address = "127.0.0.1";
const request = "GET / HTTP/1.1\r\nHost: finwait\r\n\r\n";

// What an http server and an http.Agent are is Node's; other runtimes need not have them.
for (const runtime of runtimesUnderTest().filter(({ name }) => name.startsWith("node"))) {
  describe.skipIf(runtime.missing !== undefined)(`crowds on ${runtime.name}`, () => {
    test("connections are opened, closed and counted, and nothing else is told of them", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listen", { server: "server", address, port: 0, quiet: true });
      const { port: closing } = await agent.ok("listen", {
        server: "closing",
        address,
        port: 0,
        quiet: true,
        endsFirst: true,
      });
      const crowd = { client: "crowd", address, count: 20, atOnce: 5 };
      expect(await agent.ok("openAndClose", { ...crowd, port })).toEqual({ opened: 20 });
      expect(await agent.ok("openAndClose", { ...crowd, port, closing: "reset" })).toEqual({ opened: 20 });
      expect(await agent.ok("openAndClose", { ...crowd, port: closing, closing: "peer" })).toEqual({ opened: 20 });
      expect(agent.notices.map(({ notice }) => notice)).toEqual(["hello"]);
    });

    test("no connection is begun after one has failed, which is told in the runtime's own words", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listen", { server: "server", address, port: 0, quiet: true });
      await agent.ok("closeServer", { server: "server" });
      expect(await agent.ok("openAndClose", { client: "crowd", address, port, count: 3 })).toMatchObject({
        opened: 0,
        error: { code: "ECONNREFUSED", message: expect.stringContaining("ECONNREFUSED") },
      });
    });

    test("a way of closing that there is not is refused", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const parameters = { client: "crowd", address, port: 1, count: 1, closing: "slowly" };
      expect(await agent.errorOf("openAndClose", parameters)).toMatchObject({ code: "BAD_PARAMETER" });
    });

    test("an http server's sockets are told of as others are", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listenHttp", { server: "server", address, port: 0, closes: true });
      await agent.ok("connect", { socket: "client", address, port });
      await agent.ok("say", { socket: "client", text: request });
      const { total } = await agent.event("client", "end");
      expect(total).toBeGreaterThan(0);
      expect(await agent.event("server/1", "close")).toMatchObject({ hadError: false });
    });

    test("an http.Agent keeps its connection from request to request, and lets go of it when it is closed", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listenHttp", { server: "server", address, port: 0 });
      const client = { client: "kept", address, port, count: 5, keepAlive: true };
      expect(await agent.ok("requestHttp", client)).toEqual({ answered: 5, connections: 1, errors: [] });
      expect(await agent.ok("requestHttp", client)).toEqual({ answered: 5, connections: 0, errors: [] });
      expect(agent.events("server/1")).toEqual([]);
      await agent.ok("closeHttp", { client: "kept" });
      await agent.event("server/1", "close");
      expect(await agent.errorOf("closeHttp", { client: "kept" })).toMatchObject({ code: "BAD_PARAMETER" });
    });

    test("without keep-alive every request has a connection of its own", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listenHttp", { server: "server", address, port: 0, quiet: true });
      const client = { client: "other", address, port, count: 10, atOnce: 5, keepAlive: false };
      expect(await agent.ok("requestHttp", client)).toEqual({ answered: 10, connections: 10, errors: [] });
    });

    test("a request that fails is told by its code", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await agent.ok("listenHttp", { server: "server", address, port: 0, timeout: 50, silent: true });
      const client = { client: "ignored", address, port, count: 1 };
      expect(await agent.ok("requestHttp", client)).toMatchObject({ answered: 0, errors: ["ECONNRESET"] });
    });
  });
}
