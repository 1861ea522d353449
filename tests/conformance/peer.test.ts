import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, openLab, orFailed, type Session } from "../../src/index.ts";
import { Program } from "../../src/lab/agent/program.ts";
import { callsOf, eventsOf } from "../../src/timeline/query.ts";
import { timelineOf } from "../../src/timeline/timeline.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

const fastOpenWithoutCookie = 0x1 | 0x2 | 0x4 | 0x200 | 0x400;

describeOnEveryDriver("a peer", (driver) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ driver, sysctls: { "net.ipv4.tcp_fastopen": fastOpenWithoutCookie } });
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  test.each(["v4", "v6"] as const)(
    "connects to Node over IP%s, talks and listens, closes and is closed",
    async (bind) => {
      await using session = lab.session();
      const listener = await session.listen({ bind, allowHalfOpen: true });
      const client = await session.peer(listener);
      const server = listener.endOf(client);
      await client.connect();
      await client.connected();
      await server.accepted();
      await client.send("hello");
      await client.send(500_000);
      await server.received(500_005);
      await server.write(3);
      expect(await client.recv()).toHaveLength(3);
      await client.shutdown("SHUT_WR");
      await server.saw("end");
      await session.reading("half-closed");
      expect((await client.state()).state).toMatch(/FIN-WAIT-[12]/);
      expect((await server.state()).state).toBe("CLOSE-WAIT");
      await server.end();
      expect(await client.recv()).toBe("");
      await client.close();
      await client.reaches("TIME-WAIT");
      const t = timelineOf(session.story.facts);
      expect(callsOf(t, "client").map(({ call }) => call)).toContain('send("hello")');
      expect(eventsOf(t, "client").map(({ event }) => event)).toEqual(["connect", "recv", "recv"]);
    },
  );

  test.each(["v4", "v6"] as const)("accepts Node's connection over IP%s", async (bind) => {
    await using session = lab.session();
    const listener = await session.peerListen({ bind });
    const client = await session.attempt(listener);
    const server = await listener.accept(client);
    await client.write(3);
    expect(await server.recv()).toHaveLength(3);
    expect((await server.state()).state).toBe("ESTABLISHED");
    expect(server.name).toBe("server");
    await server.reset();
    expect((await client.saw("error")).detail.code).toBe("ECONNRESET");
  });

  test("sends data with its SYN", async () => {
    await using session = lab.session();
    const listener = await session.listen();
    const client = await session.peer(listener);
    expect(await client.sendWithSyn("hello")).toBe(5);
    await listener.endOf(client).received(5);
  });

  test("sends and receives urgent data, beside the stream and in it", async () => {
    await using session = lab.session();
    const { client, server } = await twoPeers(session);
    await client.send("ab");
    await client.sendUrgent("C");
    expect(await server.recvUrgent()).toBe("C");
    await client.send("de");
    expect(await server.recv()).toBe("ab");
    expect(await server.atMark()).toBe(true);
    expect(await server.recv()).toBe("de");
    await server.set("SO_OOBINLINE", 1);
    await client.sendUrgent("F");
    expect(await server.recv()).toBe("F");
  });

  test("says which errno a call failed with, and has it in the story", async () => {
    await using session = lab.session();
    const listener = await session.peerListen({ name: "first" });
    const second = { name: "second", port: listener.local.port, reuseAddress: false };
    await expect(session.peerListen(second)).rejects.toMatchObject({
      code: "FINWAIT_CALL_FAILED",
      message: "bind() on second failed with EADDRINUSE.",
    });
    const nowhere = await session.peer({ ...listener.local, port: 29_999 });
    await nowhere.connect();
    await orFailed(nowhere.connected());
    const t = timelineOf(session.story.facts);
    expect(callsOf(t, "second", "bind")).toMatchObject([{ error: { code: "EADDRINUSE" } }]);
    expect(callsOf(t, "client", "poll")).toMatchObject([{ error: { code: "ECONNREFUSED" } }]);
  });

  test("misses a deadline by name when a call does not return, and the calls behind it wait", async () => {
    await using session = lab.session();
    const { client, server } = await twoPeers(session);
    await expect(server.recv(1, { within: 50 })).rejects.toMatchObject({
      code: "FINWAIT_DEADLINE_MISSED",
      message: "Waited 50 ms for server's recv() to return; last seen: it has not returned.",
    });
    const behind = server.recv(1);
    await client.send("ab");
    expect(await behind).toBe("b");
  });

  test("a program that a host does not have is a missing capability, by name", async () => {
    const start = Program.start(lab.host("client").link, ["no-such-program"], { prefix: "x/", onOutput: () => {} });
    await expect(start).rejects.toMatchObject({
      code: "FINWAIT_CAPABILITY_MISSING",
      message: expect.stringContaining("no-such-program"),
    });
  });

  test("ends with its session, and when it is killed its kernel closes", async () => {
    const session = lab.session();
    const listener = await session.listen();
    const [client, other] = [await session.peer(listener), await session.peer(listener)];
    for (const peer of [client, other]) await peer.connect();
    await client.kill();
    await listener.endOf(client).saw("close");
    await expect(client.send("a")).rejects.toMatchObject({ message: expect.stringContaining("SIGKILL") });
    await session[Symbol.asyncDispose]();
    await expect.poll(() => perlsIn(lab, "client"), { timeout: 5000 }).toBe(0);
  });

  test.each(["v4", "v6"] as const)("a segment made by hand arrives over IP%s with a right checksum", async (bind) => {
    await using session = lab.session();
    const listener = await session.listen({ bind });
    const address = lab.host("client").addresses[bind];
    const from = { local: { address, port: 9_000 }, peer: listener.local };
    await using unanswered = await session.lose("RST", { to: listener });
    await session.inject({ from, flags: ["SYN"], sequence: 77, payloadBytes: 3, timestamps: { value: 1, echo: 0 } });
    await unanswered.catches();
    const table = await lab.host("server").run("ss", ["-Htan", "state", "syn-recv", `dport = :${from.local.port}`]);
    expect(table).toContain(`:${listener.local.port}`);
    expect(await session.counter("TcpInCsumErrors", "after")).toBe(0);
  });

  test("a segment can be sent by a host that does not have its address", async () => {
    await using session = lab.session();
    const { client, server } = await session.connect();
    await session.inject({ from: client, host: "server", flags: ["RST"], sequence: 1 });
    expect((await server.state()).state).toBe("ESTABLISHED");
    await expect(session.inject({ from: client, host: "nobody", flags: ["RST"], sequence: 1 })).rejects.toMatchObject({
      code: "FINWAIT_USAGE",
    });
  });
});

async function twoPeers(session: Session) {
  const listener = await session.peerListen();
  const client = await session.peer(listener);
  await client.connect();
  return { client, server: await listener.accept(client) };
}

async function perlsIn(lab: Lab, host: string): Promise<number> {
  const listing = await lab.host(host).run("sh", ["-c", "cat /proc/[0-9]*/comm 2>/dev/null; true"]);
  return listing.split("\n").filter((name) => name === "perl").length;
}
