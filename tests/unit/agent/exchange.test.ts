import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

/** A server of the test's own, closed with what it accepted. */
async function serve(attend: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    attend(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const question = { address: "127.0.0.1", text: "hello\n", quietMs: 50, withinMs: 2_000 };

for (const runtime of runtimesUnderTest()) {
  describe.skipIf(runtime.missing !== undefined)(`exchange on ${runtime.name}`, () => {
    test("says what came back, and closes the connection", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const closed = Promise.withResolvers<void>();
      await using server = await serve((socket) => {
        socket.on("data", (chunk) => socket.write(Buffer.concat([Buffer.from([0xff]), chunk])));
        socket.on("close", () => closed.resolve());
      });
      const answer = await agent.ok("exchange", { ...question, port: server.port });
      expect(answer).toMatchObject({ isConnected: true, received: "\u00ffhello\n", total: 7, isEnded: false });
      await closed.promise;
    });

    test("does not wait for more once the other side has ended", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      await using server = await serve((socket) => socket.end("bye"));
      const answer = await agent.ok("exchange", { ...question, port: server.port, quietMs: 20_000, withinMs: 20_000 });
      expect(answer).toMatchObject({ received: "bye", isEnded: true });
    });

    test("a silent side is given up after its time", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      await using server = await serve(() => {});
      const answer = await agent.ok("exchange", { ...question, port: server.port, withinMs: 100 });
      expect(answer).toMatchObject({ isConnected: true, received: "", total: 0 });
    });

    test("a connection that cannot be opened is an answer with its code", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const { port } = await (async () => {
        await using server = await serve(() => {});
        return { port: server.port };
      })();
      const answer = await agent.ok("exchange", { ...question, port });
      expect(answer).toMatchObject({ isConnected: false, code: "ECONNREFUSED" });
    });

    test("a program is started in its own folder, with its own environment and no other", async () => {
      await using agent = await AgentUnderTest.start(runtime);
      const script = 'pwd; echo "$ONE $HOME"';
      await agent.ok("start", {
        ...{ program: "p", command: "sh", args: ["-c", script] },
        ...{ cwd: "/usr", env: ["PATH=/usr/bin:/bin", "ONE=a=b"] },
      });
      await agent.notice("programExit");
      const said = agent.notices.flatMap((one) =>
        one.notice === "output" ? [Buffer.from(one.base64, "base64").toString()] : [],
      );
      expect(said.join("")).toBe("/usr\na=b \n");
    });
  });
}
