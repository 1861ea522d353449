import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tracker } from "../../../src/leak/tracker.ts";
import type { SocketHolder, SocketsReading } from "../../../src/model/leak.ts";
import type { SocketRow } from "../../../src/model/socket.ts";
import { row } from "./rows.ts";

const holder: SocketHolder = { pid: 7, process: "node", fd: 20 };

function reading(atMs: number, rows: readonly SocketRow[], held: readonly number[] = []): SocketsReading {
  return { atMs, rows, holders: new Map(held.map((inode) => [inode, [holder]])) };
}

describe("a suspect", () => {
  test("outlives the grace when nothing about it has changed for so long, counted from when it was first seen", () => {
    const tracker = new Tracker();
    for (const atMs of [100, 300, 599]) tracker.take(reading(atMs, [row("CLOSE-WAIT")], [11]));
    expect(tracker.outliving(500)).toEqual([]);
    tracker.take(reading(600, [row("CLOSE-WAIT")], [11]));
    expect(tracker.outliving(500)).toMatchObject([{ cause: "not-closed", sinceMs: 100, holders: [holder] }]);
  });

  test("is young again when it moved, when its cause changed, and when it was gone in between", () => {
    const waiting = row("CLOSE-WAIT", { tcpInfo: { bytes_sent: "1" } });
    const others = [[row("CLOSE-WAIT", { tcpInfo: { bytes_sent: "2" } })], [row("CLOSE-WAIT", { recvQ: 1 })], []];
    for (const between of others) {
      const tracker = new Tracker();
      tracker.take(reading(0, [waiting], [11]));
      tracker.take(reading(400, between, [11]));
      tracker.take(reading(500, [waiting], [11]));
      expect(tracker.suspects()).toMatchObject([{ sinceMs: 500 }]);
    }
  });

  test("is forgotten with the reading that no longer has it", () => {
    const tracker = new Tracker();
    tracker.take(reading(0, [row("CLOSE-WAIT")]));
    expect(tracker.take(reading(10, []))).toEqual([]);
    expect(tracker.outliving(0)).toEqual([]);
  });
});

describe("a descriptor whose connection is gone", () => {
  const alive = row("ESTABLISHED");

  test("is a suspect from the first reading without its row", () => {
    const tracker = new Tracker({ remembersAll: true });
    expect(tracker.take(reading(0, [alive], [11]))).toEqual([]);
    for (const atMs of [100, 350, 600]) tracker.take(reading(atMs, [], [11]));
    expect(tracker.outliving(500)).toMatchObject([{ cause: "abandoned", row: alive, sinceMs: 100, holders: [holder] }]);
  });

  test("is none when the row comes back: the socket table is not read in one instant", () => {
    const tracker = new Tracker({ remembersAll: true });
    tracker.take(reading(0, [alive], [11]));
    tracker.take(reading(100, [], [11]));
    expect(tracker.take(reading(200, [alive], [11]))).toEqual([]);
    expect(tracker.take(reading(300, [], [11]))).toMatchObject([{ sinceMs: 300 }]);
  });

  test("is none once it is closed, nor when nobody remembers, nor when nobody looked", () => {
    const tracker = new Tracker({ remembersAll: true });
    tracker.take(reading(0, [alive], [11]));
    expect(tracker.take({ atMs: 50, rows: [] })).toEqual([]);
    expect(tracker.take(reading(100, [], []))).toEqual([]);
    expect(tracker.take(reading(200, [], [11]))).toEqual([]);
    const forgetful = new Tracker();
    forgetful.take(reading(0, [alive], [11]));
    expect(forgetful.take(reading(100, [], [11]))).toEqual([]);
  });

  test("is one too when the row stays without a descriptor: TIME-WAIT belongs to the kernel", () => {
    const tracker = new Tracker({ remembersAll: true });
    tracker.take(reading(0, [alive], [11]));
    expect(tracker.take(reading(100, [row("TIME-WAIT", { inode: 0 })], [11]))).toMatchObject([{ cause: "abandoned" }]);
  });
});

/** What a socket may look like at a reading: absent, or suspect in one of several ways, and how much it has moved. */
const look = fc.record({
  state: fc.constantFrom("CLOSE-WAIT", "FIN-WAIT-2", "ESTABLISHED", undefined),
  recvQ: fc.nat({ max: 1 }),
  moved: fc.nat({ max: 2 }),
});
const step = fc.record({ afterMs: fc.integer({ min: 1, max: 300 }), sockets: fc.array(look, { maxLength: 4 }) });
const graceMs = 500;

test("a socket that moves within every grace is never accused", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: graceMs - 1 }), { minLength: 1, maxLength: 40 }), (gaps) => {
      const tracker = new Tracker();
      let atMs = 0;
      gaps.forEach((gap, index) => {
        atMs += gap;
        tracker.take(reading(atMs, [row("CLOSE-WAIT", { tcpInfo: { bytes_sent: String(index) } })], [11]));
        expect(tracker.outliving(graceMs)).toEqual([]);
      });
    }),
  );
});

test("no suspect is older than the time since its socket was first seen, or last seen to move", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const tracker = new Tracker({ remembersAll: true });
      const firstSeen = new Map<string, number>();
      const lastLook = new Map<string, { readonly text: string; readonly sinceMs: number }>();
      let atMs = 0;
      for (const { afterMs, sockets } of steps) {
        atMs += afterMs;
        const rows = sockets.flatMap(({ state, recvQ, moved }, index) => {
          const cookie = String(index);
          const text = JSON.stringify([state, recvQ, moved]);
          if (lastLook.get(cookie)?.text !== text) lastLook.set(cookie, { text, sinceMs: atMs });
          if (state === undefined) return [];
          if (!firstSeen.has(cookie)) firstSeen.set(cookie, atMs);
          return [row(state, { cookie, inode: index + 1, recvQ, tcpInfo: { bytes_received: String(moved) } })];
        });
        const suspects = tracker.take(reading(atMs, rows, [1, 2, 3, 4]));
        for (const { row: suspect, sinceMs, cause } of suspects) {
          const cookie = suspect.cookie ?? "";
          expect(sinceMs).toBeGreaterThanOrEqual(firstSeen.get(cookie) ?? Number.POSITIVE_INFINITY);
          if (cause !== "abandoned") expect(sinceMs).toBeGreaterThanOrEqual(lastLook.get(cookie)?.sinceMs ?? 0);
        }
        const states = rows.filter(({ state }) => state !== "ESTABLISHED").map(({ cookie }) => cookie);
        const accused = suspects.filter(({ cause }) => cause !== "abandoned").map(({ row: one }) => one.cookie);
        expect(accused.toSorted()).toEqual(states.toSorted());
      }
    }),
  );
});
