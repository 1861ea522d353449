import { expect, test } from "vitest";
import { type Host, type Lab, openLab, type SegmentFact, type Session } from "../../src/index.ts";
import { onWire } from "../../src/judge/wire.ts";
import { timelineOf } from "../../src/timeline/timeline.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

const writes = 7_000;
const handshake = ["client SYN", "server SYN,ACK", "client ACK"];
const shown = ({ from, segment }: SegmentFact) => `${from} ${segment.flags.join()}`;

/** Sends a signal to every tcpdump of the host. */
async function signalTcpdump(host: Host, signal: string): Promise<void> {
  const script = `
    cd /proc
    for process in [0-9]*; do
      read -r name <"$process/comm" && [ "$name" = tcpdump ] && kill -s "$1" "$process"
    done 2>/dev/null
    true`;
  await host.run("sh", ["-c", script, "sh", signal]);
}

async function halfClosed(session: Session) {
  const pair = await session.connect({ server: { allowHalfOpen: true } });
  await pair.client.end();
  await pair.server.saw("end");
  // The FIN's ACK may be delayed: until it has arrived, one host has captured a segment more than the other.
  await pair.client.reaches("FIN-WAIT-2");
  return pair;
}

describeOnEveryDriver("a lab that captures", (driver) => {
  const open = (): Promise<Lab> => openLab({ driver, capture: true, keepRecords: true });

  test("has every segment of many connections, from the first SYN on, by the names of their endpoints", async () => {
    await using lab = await open();
    const sessions = Array.from({ length: 20 }, () => lab.session());
    const segments = await Promise.all(
      sessions.map(async (session) => {
        await halfClosed(session);
        return await session.segments();
      }),
    );
    for (const own of segments) {
      expect(own.slice(0, 3).map(shown)).toEqual(handshake);
      expect(own.map(shown)).toContain("client FIN,ACK");
      expect(own.filter(({ arrivedAt, lostTo }) => arrivedAt === undefined || lostTo !== undefined)).toEqual([]);
      expect(own.filter(({ at, arrivedAt = 0 }) => arrivedAt < at)).toEqual([]);
    }
  });

  test("knows which segments a fault lost, and not those that were sent again", async () => {
    await using lab = await open();
    const { client, server } = await lab.connect();
    const lost = await lab.lose("FIN", { from: client, times: 2 });
    await client.end();
    await server.saw("end");
    await lost.lift();
    const fins = (await lab.segments()).filter(
      ({ from, segment }) => from === "client" && segment.flags.includes("FIN"),
    );
    expect(fins.map(({ lostTo }) => lostTo !== undefined)).toEqual([true, true, false]);
  });

  test("keeps what it captured as files that tcpdump reads", async () => {
    await using lab = await open();
    const session = lab.session();
    await halfClosed(session);
    const { length } = await session.segments();
    const [host] = lab.hosts;
    for (const bytes of session.pcapFiles().values()) {
      const script = 'printf %s "$1" | base64 -d | tcpdump -Z root -n -r - 2>/dev/null';
      const text = await host?.run("sh", ["-c", script, "sh", Buffer.from(bytes).toString("base64")]);
      expect(text?.trim().split("\n")).toHaveLength(length);
    }
  });

  test("says what the capture itself lost, and then nothing that is missing counts", async () => {
    await using lab = await open();
    const { client, server } = await lab.connect();
    await signalTcpdump(server.host, "STOP");
    // More segments than the kernel keeps for a reader that does not read.
    await client.setNoDelay(true);
    for (let sent = 0; sent < writes; sent++) await client.write(1);
    await server.received(writes);
    await signalTcpdump(server.host, "CONT");
    await lab.segments();
    const t = timelineOf(lab.story.facts);
    const losses = t.facts.filter((fact) => fact.kind === "observer").map(({ lost }) => lost);
    expect(Math.max(...losses)).toBeGreaterThan(0);
    const found = onWire(t, ["client", "server"], (segments) => ({ answer: false, shown: segments }));
    expect(found.answer).toBeUndefined();
  });

  test("says so when tcpdump is gone", async () => {
    await using lab = await open();
    const session = lab.session();
    const { server } = await session.connect();
    await signalTcpdump(server.host, "KILL");
    await expect(session.segments()).rejects.toThrow(/tcpdump on host "(client|server)" ended with SIGKILL/);
  });
});
