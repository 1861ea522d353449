import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, openLab } from "../../src/index.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

// What every driver promises. A new driver is done when this file passes on it.
describeOnEveryDriver("a lab", (driver) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ driver, sysctls: { "net.ipv4.tcp_fin_timeout": 7 } });
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  test("has the hosts that were asked for, each with addresses of its own", () => {
    expect(lab.hosts.map((host) => host.name)).toEqual(["client", "server"]);
    expect(new Set(lab.hosts.flatMap((host) => [host.addresses.v4, host.addresses.v6])).size).toBe(4);
  });

  test("runs this process's own runtime in its hosts", () => {
    expect(lab.hosts.map((host) => host.runtime)).toEqual([
      { name: "node", version: process.versions.node },
      { name: "node", version: process.versions.node },
    ]);
  });

  test("has no TCP socket of its own: what a session sees is what it opened", async () => {
    for (const host of lab.hosts) {
      // Docker's own resolver listens in every container of a network, on an address that nothing else has.
      const listing = await host.run("ss", ["-Htan", "not src 127.0.0.11"]);
      expect(listing.split("\n").filter((line) => line !== "" && !/:[12]\d{4}\b/.test(line))).toEqual([]);
    }
  });

  test("sets a sysctl in every host", async () => {
    expect(await lab.sysctl("net.ipv4.tcp_fin_timeout", { host: "client" })).toBe("7");
    expect(await lab.sysctl("net.ipv4.tcp_fin_timeout", { host: "server" })).toBe("7");
  });

  test("stamps what happens in its hosts with the harness's clock", async () => {
    await using session = lab.session();
    const before = session.story.clock.now();
    const { client } = await session.connect();
    const after = session.story.clock.now();
    const { at } = await client.saw("connect");
    expect(at).toBeGreaterThan(before);
    expect(at).toBeLessThan(after);
  });

  test.each([
    { how: "IPv4", bind: "v4", family: 4 },
    { how: "IPv6", bind: "v6", family: 6 },
    { how: "IPv6 to a :: listener", bind: "::", family: 6 },
    { how: "IPv4 to a :: listener", bind: "::", family: 4 },
  ] as const)("connects over $how, and finds both ends in the kernel's table", async ({ bind, family }) => {
    await using session = lab.session();
    const { client, server, listener } = await session.connect({ client: { family }, server: { bind } });
    expect((await client.state()).state).toBe("ESTABLISHED");
    expect((await server.state()).state).toBe("ESTABLISHED");
    expect((await listener.state()).state).toBe("LISTEN");
    expect((await client.state()).row?.cookie).toMatch(/^[0-9a-f]+$/);
  });

  test("carries data whole and in order", async () => {
    await using session = lab.session();
    const { client, server } = await session.connect();
    await client.write(3_000_000);
    await server.received(3_000_000);
    await client.end();
    expect((await server.saw("end")).detail.total).toBe(3_000_000);
    const { sha256 } = (await server.saw("end")).detail;
    await using other = lab.session();
    const again = await other.connect();
    await again.server.write(1_000_000);
    await again.server.end(2_000_000);
    expect((await again.client.saw("end")).detail.sha256).toBe(sha256);
  });

  test("loses a FIN until lifted, counts what it caught, and the connection heals", async () => {
    await using session = lab.session();
    const { client, server } = await session.connect({ server: { allowHalfOpen: true } });
    const lost = await session.lose("FIN", { from: client });
    await client.end();
    await client.reaches("FIN-WAIT-1");
    expect((await server.state()).state).toBe("ESTABLISHED");
    await expect.poll(() => lost.caught(), { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    const caught = await lost.lift();
    expect(await lost.lift()).toBe(caught);
    await client.reaches("FIN-WAIT-2");
    await server.reaches("CLOSE-WAIT");
  });

  test("loses exactly as many segments as it was told", async () => {
    await using session = lab.session();
    const { client, server } = await session.connect({ server: { allowHalfOpen: true } });
    await using lost = await session.lose("FIN", { from: client, times: 2 });
    await client.end();
    await server.saw("end");
    expect(await lost.lift()).toBe(2);
  });

  test("cuts the link under a connection, in both directions, and mends it", async () => {
    await using session = lab.session();
    const { client, server } = await session.connect({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true },
    });
    const cut = await session.cut(client);
    await client.write(10);
    await server.write(20);
    await cut.catches(2);
    expect([client, server].flatMap((end) => end.events.map((fact) => fact.event))).not.toContain("data");
    await cut.lift();
    await server.received(10);
    await client.received(20);
  });

  test("a fault touches only the connection it names", async () => {
    await using session = lab.session();
    const one = await session.connect({ server: { allowHalfOpen: true } });
    const other = await session.connect({ server: { allowHalfOpen: true } });
    await using _lost = await session.lose("everything", { from: one.client });
    await one.client.end();
    await other.client.end();
    await other.server.saw("end");
    expect((await one.server.state()).state).toBe("ESTABLISHED");
  });

  test("reads the kernel's table while a process beside the agent is blocked", async () => {
    await using session = lab.session();
    const worker = await session.process();
    const { client, server } = await session.connect({ server: { process: worker, allowHalfOpen: true } });
    const { over } = await worker.block(1_000);
    await client.end();
    await server.reaches("CLOSE-WAIT");
    expect(server.events.map((fact) => fact.event)).not.toContain("end");
    await over;
    await server.saw("end");
  });

  test("starts a process with a limit of descriptors, and ends it", async () => {
    await using session = lab.session();
    const worker = await session.process({ nofile: 64 });
    expect(await worker.descriptors("at start")).toMatchObject({ softLimit: 64, hardLimit: 64 });
    const { client } = await session.connect({ server: { process: worker } });
    await worker.kill();
    await client.saw("end");
  });

  test("two processes share a socket: it closes with the last of them", async () => {
    await using session = lab.session();
    const worker = await session.process();
    const { client, server } = await session.connect();
    const shared = await server.give(worker, { keepOpen: true });
    await server.destroy();
    await client.stays("ESTABLISHED", { for: 100 });
    await shared.destroy();
    await client.saw("end");
  });

  test("a session's sockets are gone when it is disposed, without leaving TIME-WAIT", async () => {
    const session = lab.session();
    const { client, server } = await session.connect();
    await session[Symbol.asyncDispose]();
    for (const end of [client, server]) {
      const listing = await end.host.run("ss", ["-Htan", `sport = :${end.local.port}`]);
      expect(listing).toBe("");
    }
  });
});

describeOnEveryDriver("opening a lab", (driver) => {
  test("one host is enough: both ends talk over loopback", async () => {
    await using lab = await openLab({ driver, hosts: ["alone"], nofile: 512 });
    const { client, server } = await lab.connect({ server: { allowHalfOpen: true } });
    expect(await lab.descriptors("open")).toMatchObject({ softLimit: 512 });
    await using _lost = await lab.lose("ACK of FIN", { from: server });
    await client.end();
    await server.saw("end");
    expect((await client.state()).state).toBe("FIN-WAIT-1");
  });

  test("segments can be held in flight between two hosts, and both ends closed at once", async () => {
    await using lab = await openLab({ driver });
    const { client, server } = await lab.connect();
    const [fromClient, fromServer] = [await lab.hold({ from: client }), await lab.hold({ from: server })];
    await Promise.all([client.end(), server.end()]);
    expect((await client.reaches("FIN-WAIT-1")).state).toBe("FIN-WAIT-1");
    expect((await server.reaches("FIN-WAIT-1")).state).toBe("FIN-WAIT-1");
    expect(await fromClient.release()).toBeGreaterThan(0);
    await server.reaches("CLOSING");
    await fromServer.release();
    await Promise.all([client.reaches("TIME-WAIT"), server.reaches("TIME-WAIT")]);
  });

  test("a call that is pending when the agent dies is rejected by name", async () => {
    await using lab = await openLab({ driver });
    const { server } = await lab.connect();
    const pending = expect(server.saw("end")).rejects.toThrow(
      /Agent on host "server" .*(exited|ended).* before answering 'end' on server/,
    );
    // The agent itself: asked to run a program that kills its parent.
    await lab
      .host("server")
      .run("sh", ["-c", "kill -9 $PPID"])
      .catch(() => {});
    await pending;
    await expect(server.end()).rejects.toMatchObject({ code: "FINWAIT_AGENT_EXITED" });
  });

  test("a lab without hosts, or with two of one name, is refused", async () => {
    await expect(openLab({ driver, hosts: [] })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
    await expect(openLab({ driver, hosts: ["a", "a"] })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
  });

  test("a wait that could never end, a state and a segment that are none, are refused at once", async () => {
    await using lab = await openLab({ driver, hosts: ["alone"] });
    const { client, server } = await lab.connect();
    const usage = { code: "FINWAIT_USAGE" };
    await expect(client.reaches("CLOSED", { within: Number.NaN })).rejects.toMatchObject(usage);
    await expect(client.saw("end", { within: Number.POSITIVE_INFINITY })).rejects.toMatchObject(usage);
    await expect(client.reaches("FINWAIT2" as never)).rejects.toMatchObject(usage);
    await expect(client.reaches([])).rejects.toMatchObject(usage);
    await expect(lab.lose("BOGUS" as never, { from: server })).rejects.toMatchObject(usage);
    await expect(lab.lose("FIN", {} as never)).rejects.toMatchObject(usage);
  });

  test("a lab that was closed says so to whoever goes on using it", async () => {
    const lab = await openLab({ driver, hosts: ["alone"] });
    const { client } = await lab.connect();
    const pending = expect(client.saw("end")).rejects.toMatchObject({ code: "FINWAIT_LAB_CLOSED" });
    await lab[Symbol.asyncDispose]();
    await pending;
    await expect(client.state()).rejects.toMatchObject({ code: "FINWAIT_LAB_CLOSED" });
    await expect(lab.connect()).rejects.toMatchObject({ code: "FINWAIT_LAB_CLOSED" });
  });

  test("what a runtime refuses is an error that says what was asked, of whom, and the refusal", async () => {
    await using lab = await openLab({ driver, hosts: ["alone"] });
    await expect(lab.listen({ backlog: -1 })).rejects.toMatchObject({
      code: "FINWAIT_CALL_FAILED",
      message: expect.stringMatching(/host "alone" refused "listen" with BAD_PARAMETER: .*backlog/),
    });
  });

  test("a sysctl that is not a network namespace's is refused", async () => {
    await expect(openLab({ driver, sysctls: { "vm.swappiness": 1 } })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
  });

  test("a sysctl that the kernel lacks is a missing capability, by name", async () => {
    await expect(openLab({ driver, sysctls: { "net.ipv4.no_such": 1 } })).rejects.toMatchObject({
      code: "FINWAIT_CAPABILITY_MISSING",
      message: expect.stringContaining("net.ipv4.no_such"),
    });
  });
});
