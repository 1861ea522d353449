import { expect, test } from "vitest";
import { parseTraceLine } from "../../../../src/observe/tracepoint/parse.ts";
import { inWords, recordedLines, toldOf } from "./recordings.ts";

const opened = ["CLOSED → SYN-SENT", "SYN-SENT → ESTABLISHED"];
const accepted = ["LISTEN → SYN-RECEIVED", "SYN-RECEIVED → ESTABLISHED"];
const closedFirst = ["ESTABLISHED → FIN-WAIT-1", "FIN-WAIT-1 → FIN-WAIT-2", "FIN-WAIT-2 → CLOSED"];
const closedSecond = ["ESTABLISHED → CLOSE-WAIT", "CLOSE-WAIT → LAST-ACK", "LAST-ACK → CLOSED"];

test("every recorded line is an event, except a retransmission that could not leave", () => {
  expect(recordedLines.length).toBeGreaterThan(100);
  const nothing = recordedLines.filter((line) => parseTraceLine(line, 0n) === undefined);
  expect(nothing.filter((line) => !line.endsWith("err=-1"))).toEqual([]);
});

test.each([
  ["an IPv4 client of a listener for both families", 17001, 27001],
  ["an IPv4 client", 17002, 27002],
  ["an IPv6 client", 17003, 27003],
])("%s and its server go through every state of an orderly close", (_, client, server) => {
  expect(toldOf(client, server)).toEqual([...opened, ...closedFirst]);
  expect(toldOf(server, client)).toEqual([...accepted, ...closedSecond]);
});

test("a listener has no peer", () => {
  expect(toldOf(27001, 0)).toEqual(["CLOSED → LISTEN", "LISTEN → CLOSED"]);
});

test("a socket that left its port to the kernel has none in its first event", () => {
  expect(toldOf(0, 27002)).toEqual(["CLOSED → SYN-SENT"]);
});

test("an address is plain IPv4 for a socket of either family, and a wildcard is a star", () => {
  const ends = recordedLines.flatMap((line) => {
    const event = parseTraceLine(line, 0n);
    return event && "local" in event ? [event.local.address, event.peer.address] : [];
  });
  expect([...new Set(ends)].toSorted()).toEqual(["*", "127.0.0.1", "::1"]);
});

test("a refused connection is reset by the peer, which has no socket", () => {
  expect(toldOf(27999, 17004)).toEqual(["127.0.0.1:27999 127.0.0.1:17004 reset sent"]);
  expect(toldOf(27999, 17005)).toEqual(["[::1]:27999 [::1]:17005 reset sent"]);
  expect(toldOf(17005, 27999)).toEqual([
    "CLOSED → SYN-SENT",
    "[::1]:17005 [::1]:27999 reset received",
    "SYN-SENT → CLOSED",
  ]);
});

test("the end that resets is closed before its reset is told", () => {
  expect(toldOf(17006, 27003)).toEqual([...opened, "ESTABLISHED → CLOSED", "[::1]:17006 [::1]:27003 reset sent"]);
  expect(toldOf(27003, 17006)).toEqual([...accepted, "[::1]:27003 [::1]:17006 reset received", "ESTABLISHED → CLOSED"]);
});

test("a listener's own reset does not say whom it resets", () => {
  expect(toldOf(27002, 0)).toContain("127.0.0.1:27002 *:0 reset sent");
});

test("a retransmission counts when it left, not when the sender's own firewall kept it", () => {
  const retransmission = "127.0.0.1:17008 127.0.0.1:27002 retransmission";
  expect(toldOf(17008, 27002)).toEqual([
    ...opened,
    "ESTABLISHED → FIN-WAIT-1",
    ...[retransmission, retransmission],
    "FIN-WAIT-1 → FIN-WAIT-2",
    "FIN-WAIT-2 → CLOSED",
  ]);
  expect(recordedLines.filter((line) => line.includes("sport=17008") && line.includes("err=-1")).length).toBe(2);
});

test("a SYN-ACK sent again is the server's retransmission, before it has a socket of its own", () => {
  const told = toldOf(27002, 17009);
  const retransmissions = told.filter((one) => one.endsWith("27002 127.0.0.1:17009 retransmission")).length;
  expect(retransmissions).toBeGreaterThan(0);
  expect(told.slice(retransmissions, retransmissions + 2)).toEqual(accepted);
});

test("markers and losses are events too", () => {
  const words = recordedLines.flatMap((line) => {
    const event = parseTraceLine(line, 0n);
    return event === undefined || "local" in event ? [] : [inWords(event)];
  });
  const lost = recordedLines.find((line) => line.includes("LOST"));
  const events = Number(/LOST (\d+)/.exec(lost ?? "")?.[1]);
  expect(words).toEqual([
    'marker "finwait mark 1"',
    'marker "finwait mark 2"',
    `${events} lost`,
    'marker "flood 1000"',
  ]);
  expect(parseTraceLine("CPU:127 [LOST EVENTS]", 0n)).toEqual({ kind: "lost", events: 1 });
});

test("a time is exact to the microsecond after years of uptime, and counts from the epoch", () => {
  const line = "              sh-26073   [000] ...1.  99999999.000001: tracing_mark_write: late";
  expect(parseTraceLine(line, 99_999_998_000_000_000n)).toEqual({ kind: "marker", atNs: 1_000_001_000, text: "late" });
});

// As include/trace/events/{sock,tcp}.h print them in Linux 4.16 to 5.x: written from the source, not recorded.
test("older kernels' notations are read", () => {
  const columns = "            node-1     [000] ..s.     1.000000: ";
  const ends = "sport=20000 dport=10000 saddr=10.0.0.2 daddr=10.0.0.1 saddrv6=::ffff:10.0.0.2 daddrv6=::ffff:10.0.0.1";
  const local = { address: "10.0.0.2", port: 20_000 };
  const peer = { address: "10.0.0.1", port: 10_000 };
  const states = "oldstate=TCP_LISTEN newstate=TCP_SYN_RECV";
  expect(parseTraceLine(`${columns}inet_sock_set_state: protocol=IPPROTO_TCP ${ends} ${states}`, 0n)).toEqual({
    ...{ kind: "transition", atNs: 1e9, local, peer },
    ...{ from: "LISTEN", to: "SYN-RECEIVED" },
  });
  expect(parseTraceLine(`${columns}tcp_send_reset: ${ends} state=TCP_CLOSE`, 0n)).toEqual({
    ...{ kind: "reset sent", atNs: 1e9, local, peer },
  });
});

test("sockets of other protocols are nothing", () => {
  const line = recordedLines.find((one) => one.includes("oldstate")) ?? "";
  expect(parseTraceLine(line, 0n)).toBeDefined();
  expect(parseTraceLine(line.replace("IPPROTO_TCP", "IPPROTO_MPTCP"), 0n)).toBeUndefined();
});
