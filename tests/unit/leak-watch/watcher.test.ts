import { describe, expect, test } from "vitest";
import { readThreshold } from "../../../src/leak/watch/threshold.ts";
import { Watcher } from "../../../src/leak/watch/watcher.ts";
import type { SocketsReading } from "../../../src/model/leak.ts";
import type { WatchReading } from "../../../src/model/watch.ts";
import { closeWait, node, reading } from "./rows.ts";

const at = "2026-01-01T00:00:00.000Z";

function watcherOf(...expressions: string[]): Watcher {
  const thresholds = expressions.map(readThreshold).flatMap((read) => ("problem" in read ? [] : [read]));
  expect(thresholds).toHaveLength(expressions.length);
  return new Watcher({ subject: "this machine", thresholds });
}

/** What the watcher makes of readings a second apart; the last of it. */
function last(watcher: Watcher, readings: readonly SocketsReading[], open = 30): WatchReading {
  const descriptors = [{ pid: node.pid, process: "node", open, limit: 1024 }];
  const seen = readings.map((one) => watcher.take(one, { at, tookMs: 5, descriptors }));
  const end = seen.at(-1);
  if (end === undefined) throw new Error("no reading");
  return end;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a reading of watch", () => {
  test("groups suspects by process, state, cause and peer, and keeps the port they have in common", () => {
    const client = { local: { address: "10.0.0.1", port: 50_000 }, peer: { address: "10.0.0.9", port: 5432 } };
    const rows = [
      closeWait(1),
      closeWait(2),
      closeWait(3, { recvQ: 5 }),
      closeWait(4, { ...client, state: "FIN-WAIT-2" }),
    ];
    const { groups, states, suspects } = last(watcherOf(), [reading(0, rows), reading(3000, rows)]);
    expect(groups.map(({ state, cause, count, local, peer }) => [state, cause, count, local.port, peer.port])).toEqual([
      ["CLOSE-WAIT", "not-closed", 2, 8080, 0],
      ["CLOSE-WAIT", "not-read", 1, 8080, 40_003],
      ["FIN-WAIT-2", "half-closed", 1, 50_000, 5432],
    ]);
    expect(groups[0]).toMatchObject({ pid: 4711, process: "node", oldestMs: 3000, lasting: 0 });
    expect(states.map(({ state, count }) => [state, count])).toEqual([
      ["CLOSE-WAIT", 3],
      ["FIN-WAIT-1", 0],
      ["FIN-WAIT-2", 1],
    ]);
    expect(suspects).toMatchObject({ count: 4, oldestMs: 3000 });
  });

  test("takes no orphan, and nothing that still moves, for old", () => {
    const moving = (second: number) => closeWait(1, { tcpInfo: { bytes_sent: String(second) } });
    const readings = numbers(10).map((s) => reading(s * 1000, [moving(s), closeWait(2, { inode: 0 })]));
    expect(last(watcherOf(), readings).groups).toMatchObject([{ count: 1, oldestMs: 0 }]);
  });

  test("a socket whose holder is unknown is shown without one", () => {
    const { groups } = last(watcherOf(), [{ atMs: 0, rows: [closeWait(1)] }]);
    expect(groups[0]?.pid).toBeUndefined();
    expect(groups[0]?.oldest.holders).toEqual([]);
  });

  test("sockets that were there from the beginning are no growth, also when they come to last", () => {
    const rows = numbers(50).map((id) => closeWait(id));
    const end = last(
      watcherOf(),
      numbers(30).map((s) => reading(s * 1000, rows)),
    );
    expect(end.suspects).toMatchObject({ count: 50, lasting: 50, growthPerHour: 0 });
    expect(end.descriptors[0]).toMatchObject({ left: 994, growthPerHour: 0 });
    expect(end.descriptors[0]?.exhaustedInMs).toBeUndefined();
  });

  test("a leak of one socket a second is 3,600 an hour, and when descriptors run out is foretold", () => {
    const leak = numbers(60).map((s) =>
      reading(
        s * 1000,
        numbers(s).map((id) => closeWait(id)),
      ),
    );
    const end = last(watcherOf(), leak, 124);
    expect(end.groups[0]?.growthPerHour).toBeCloseTo(3600, -2);
    // 900 left, one a second.
    expect((end.descriptors[0]?.exhaustedInMs ?? 0) / 1000).toBeCloseTo(900, -2);
  });

  test("what comes and goes on a busy server is no growth", () => {
    // Ever more at a time, each gone at the next reading.
    const busy = numbers(60).map((s) =>
      reading(
        s * 1000,
        numbers(s).map((id) => closeWait(s * 1000 + id)),
      ),
    );
    const end = last(watcherOf("close-wait.growth > 0/h", "close-wait.age > 0s"), busy);
    expect(end.suspects).toMatchObject({ count: 59, lasting: 0, growthPerHour: 0 });
    expect(end.passed).toEqual([]);
  });

  test("ten thousand readings of passing suspects leave nothing behind", () => {
    const watcher = watcherOf();
    for (const s of numbers(10_000))
      watcher.take(reading(s * 1000, [closeWait(s)]), { at, tookMs: 1, descriptors: [] });
    const end = last(watcher, [reading(1e8, [])]);
    expect(end).toMatchObject({ groups: [], suspects: { count: 0 } });
  });
});

describe("a threshold on readings", () => {
  test("an age is passed when nothing has moved for longer, and says on which socket", () => {
    const watcher = watcherOf("close-wait.age > 5s");
    const rows = [closeWait(1), closeWait(2)];
    expect(last(watcher, [reading(0, rows), reading(5000, rows)]).passed).toEqual([]);
    const [passed] = last(watcher, [reading(5001, [...rows, closeWait(3)])]).passed;
    expect(passed).toMatchObject({ expression: "close-wait.age > 5s", measured: 5001 });
    expect(passed?.socket).toMatchObject({ cause: "not-closed", ageMs: 5001, holders: [{ pid: 4711, fd: 24 }] });
  });

  test("of an age is not passed by no socket at all, whatever the sign", () => {
    expect(last(watcherOf("close-wait.age < 5s"), [reading(0, [])]).passed).toEqual([]);
  });

  test("of a number counts the state it names", () => {
    const watcher = watcherOf("fin-wait-2 > 1", "close-wait > 1", "suspects > 2");
    const rows = [closeWait(1), closeWait(2), closeWait(3, { state: "FIN-WAIT-2" })];
    const { passed } = last(watcher, [reading(0, rows)]);
    expect(passed.map(({ expression, measured }) => [expression, measured])).toEqual([
      ["close-wait > 1", 2],
      ["suspects > 2", 3],
    ]);
  });

  test("of growth is not passed while it is too early to say", () => {
    const watcher = watcherOf("close-wait.growth > 10/h");
    const leak = (s: number) =>
      reading(
        s * 1000,
        numbers(s).map((id) => closeWait(id)),
      );
    expect(last(watcher, numbers(14).map(leak)).passed).toEqual([]);
    expect(last(watcher, [14, 15, 16, 17, 18].map(leak)).passed).toHaveLength(1);
  });

  test("of descriptors names the process with the fewest left", () => {
    const [passed] = last(watcherOf("descriptors.left < 100"), [reading(0, [])], 1000).passed;
    expect(passed).toMatchObject({ measured: 24, descriptors: { pid: 4711, open: 1000, limit: 1024, left: 24 } });
  });
});
