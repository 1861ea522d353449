import { describe, expect, test } from "vitest";
import type { SocketRow } from "../../../../src/model/socket.ts";
import { parseSs } from "../../../../src/observe/ss/parse.ts";
import { recording, versions } from "./recordings.ts";

const connectedTo = (rows: readonly SocketRow[], port: number) => rows.filter((row) => row.peer.port === port);
const acceptedOn = (rows: readonly SocketRow[], port: number) =>
  rows.filter((row) => row.local.port === port && row.state !== "LISTEN");

describe.each(versions)("ss of iproute2 %s", (version) => {
  const { owned, plain } = recording(version);
  const rows = parseSs(owned);

  test("every state it printed is read by its RFC 9293 name", () => {
    const states = (port: number) => [acceptedOn(rows, port), connectedTo(rows, port)].map((found) => found[0]?.state);
    expect(states(5010)).toEqual([undefined, "SYN-SENT"]);
    expect(states(5011)).toEqual(["SYN-RECEIVED", "ESTABLISHED"]);
    expect(states(5020)).toEqual(["ESTABLISHED", "ESTABLISHED"]);
    expect(states(5030)).toEqual(["ESTABLISHED", "FIN-WAIT-1"]);
    expect(states(5031)).toEqual(["CLOSE-WAIT", "FIN-WAIT-2"]);
    expect(states(5034)).toEqual(["LAST-ACK", "FIN-WAIT-2"]);
    expect(states(5035)[0]).toBe("CLOSING");
    for (const port of [5040, 5041, 5042]) expect(states(port)).toEqual([undefined, "TIME-WAIT"]);
    expect(rows.filter((row) => row.state === "LISTEN" && row.local.port === 5000)).toHaveLength(1);
  });

  test("queues count what they mean in each state", () => {
    expect(acceptedOn(rows, 5031)[0]).toMatchObject({ state: "CLOSE-WAIT", recvQ: 0 });
    expect(acceptedOn(rows, 5032)[0]).toMatchObject({ state: "CLOSE-WAIT", recvQ: "never read".length + 1 });
    expect(acceptedOn(rows, 5021)[0]).toMatchObject({ state: "ESTABLISHED", recvQ: "unread".length });
    expect(rows.find((row) => row.local.port === 5000)).toMatchObject({ recvQ: 0, sendQ: 128 });
  });

  test("addresses keep their canonical text", () => {
    const local = (port: number) =>
      rows.find((row) => row.state === "LISTEN" && row.local.port === port)?.local.address;
    expect([5000, 5001, 5002, 5003, 5004].map(local)).toEqual(["0.0.0.0", "*", "::", "::1", "fe80::1%wire0"]);
    expect(acceptedOn(rows, 5025)[0]?.local.address).toBe("::ffff:127.0.0.1");
    expect(connectedTo(rows, 5026)[0]).toMatchObject({
      local: { address: "fe80::1%wire0" },
      peer: { address: "fe80::1", port: 5026 },
    });
    expect(rows.find((row) => row.local.port === 5001)?.peer).toEqual({ address: "*", port: 0 });
  });

  test("timers are read in milliseconds, whatever unit was printed", () => {
    const timer = (port: number) => connectedTo(rows, port)[0]?.timer;
    expect(timer(5020)).toEqual({ name: "keepalive", remainingMs: 119 * 60_000, retransmits: 0 });
    expect(acceptedOn(rows, 5020)[0]?.timer).toEqual({ name: "keepalive", remainingMs: 93_000, retransmits: 0 });
    expect(timer(5023)).toMatchObject({ name: "persist" });
    expect(timer(5022)).toMatchObject({ name: "on", retransmits: expect.toSatisfy((count) => count > 0) });
    expect(timer(5033)).toMatchObject({ name: "timewait", remainingMs: expect.toSatisfy((ms) => ms > 50_000) });
    expect(timer(5036)).toMatchObject({ name: "keepalive", remainingMs: expect.toSatisfy((ms) => ms > 50_000) });
    expect(timer(5031)).toBeUndefined();
  });

  test("an orphan in FIN-WAIT-2 that waits like TIME-WAIT has no owner, no inode and no mark", () => {
    expect(connectedTo(rows, 5033)[0]).toMatchObject({ state: "FIN-WAIT-2", inode: 0, owners: [] });
    expect(connectedTo(rows, 5033)[0]).not.toHaveProperty("shutdown");
  });

  test("cookies are distinct, and TIME-WAIT keeps one while its inode is 0", () => {
    expect(new Set(rows.map((row) => row.cookie)).size).toBe(rows.length);
    expect(connectedTo(rows, 5040)[0]).toMatchObject({ inode: 0, cookie: expect.any(String), owners: [] });
  });

  test("the mark tells which directions are shut", () => {
    expect(acceptedOn(rows, 5031)[0]?.shutdown).toEqual({ read: true, write: false });
    expect(connectedTo(rows, 5031)[0]?.shutdown).toEqual({ read: false, write: true });
    expect(connectedTo(rows, 5036)[0]?.shutdown).toEqual({ read: true, write: true });
    expect(connectedTo(rows, 5020)[0]?.shutdown).toEqual({ read: false, write: false });
    expect(connectedTo(rows, 5040)[0]?.shutdown).toBeUndefined();
  });

  test("owners are read whole, however their names are made", () => {
    const names = (port: number) => rows.find((row) => row.local.port === port)?.owners.map((owner) => owner.name);
    expect(names(5049)).toEqual(["sleep", "MainThread"]);
    expect(names(5050)).toEqual(["a b"]);
    expect(names(5051)).toEqual(['x",pid=1,fd=2']);
    expect(names(5052)).toEqual(['(("y",pid=1,fd=']);
    expect(names(5053)).toEqual(['"']);
    expect(names(5054)).toEqual([version === "7.3" ? "nl.ESTAB 0 0 a" : "nl\nESTAB 0 0 a"]);
    expect(names(5055)).toEqual(["\\\\\\\\\\\\\\"]);
  });

  test("every word of a line is in its row", () => {
    for (const row of rows) expect(wordsOf(row)).toEqual(words(row.line.replace(/ users:.*?\)\)(?=$| +[a-z])/s, "")));
  });

  test("without -p the same sockets are read, in 6.7 without any details", () => {
    const again = parseSs(plain);
    expect(again.map((row) => row.state).sort()).toEqual(
      rows
        .filter((row) => [row.local.port, row.peer.port].some((port) => [5000, 5011, 5031, 5042].includes(port)))
        .map((row) => row.state)
        .sort(),
    );
    const known = new Set(rows.map((row) => row.cookie));
    for (const row of again)
      expect(row.cookie).toSatisfy((cookie) => (version === "6.7" ? cookie === undefined : known.has(cookie)));
  });
});

const words = (line: string) =>
  line
    .replace(/timer:\(\w+,[^,]*,/, "timer:(")
    .replace(/ bbr (?=.* bbr:)/, " ")
    .split(/\s+/)
    .sort();

/** The words ss must have printed for a row, but for its owners and the time left on its timer. */
function wordsOf(row: SocketRow): string[] {
  const { timer, memory, shutdown } = row;
  const state =
    { ESTABLISHED: "ESTAB", "SYN-RECEIVED": "SYN-RECV", CLOSED: "UNCONN" }[row.state as string] ?? row.state;
  const end = ({ address, port }: SocketRow["local"]) => {
    const [host = "", scope] = address.split("%");
    return `${host.includes(":") ? `[${host}]` : host}${scope === undefined ? "" : `%${scope}`}:${port === 0 ? "*" : port}`;
  };
  const letters = ["r", "rb", "t", "tb", "f", "w", "o", "bl", "d"];
  return [
    ...[state, String(row.recvQ), String(row.sendQ), end(row.local), end(row.peer)],
    ...(timer === undefined ? [] : [`timer:(${timer.retransmits})`]),
    ...(row.uid === undefined ? [] : [`uid:${row.uid}`]),
    ...[`ino:${row.inode}`, `sk:${row.cookie}`],
    ...(row.cgroup === undefined ? [] : [`cgroup:${row.cgroup}`]),
    ...(shutdown === undefined ? [] : [`${shutdown.read ? "-" : "<"}-${shutdown.write ? "-" : ">"}`]),
    ...(memory === undefined
      ? []
      : [`skmem:(${Object.values(memory).map((value, index) => `${letters[index]}${value}`)})`]),
    ...Object.entries(row.tcpInfo).flatMap(([name, value]) => {
      if (value === true) return [name];
      return ["send", "pacing_rate", "delivery_rate"].includes(name) ? [name, value] : [`${name}:${value}`];
    }),
  ].sort();
}
