import { expect, test } from "vitest";
import { parseTotals, readTotals } from "../../../src/leak/watch/totals.ts";

const sockstat = `sockets: used 290
TCP: inuse 14 orphan 2 tw 889 alloc 30 mem 5
UDP: inuse 3 mem 1
`;
const sockstat6 = "TCP6: inuse 5\nUDP6: inuse 2\n";
const snmp = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs
Tcp: 1 200 120000 -1 44 40 3 2 12 5000
`;

test("totals are read from what the kernel counts anyway", () => {
  expect(parseTotals({ sockstat, sockstat6, snmp })).toEqual({ inUse: 19, connected: 12, timeWait: 889 });
});

test("a kernel without IPv6 has none of its sockets", () => {
  expect(parseTotals({ sockstat, sockstat6: "", snmp })?.inUse).toBe(14);
});

test("what cannot be read is no total", async () => {
  expect(parseTotals({ sockstat: "", sockstat6, snmp })).toBeUndefined();
  expect(parseTotals({ sockstat, sockstat6, snmp: "" })).toBeUndefined();
  expect(await readTotals(2 ** 22 + 1)).toBeUndefined();
});

test("this machine's are to be had", async () => {
  expect(await readTotals()).toMatchObject({ inUse: expect.any(Number), timeWait: expect.any(Number) });
});
