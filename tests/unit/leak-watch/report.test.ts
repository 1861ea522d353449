import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { readThreshold } from "../../../src/leak/watch/threshold.ts";
import { Watcher } from "../../../src/leak/watch/watcher.ts";
import type { SocketHolder } from "../../../src/model/leak.ts";
import type { SocketRow } from "../../../src/model/socket.ts";
import type { WatchReading } from "../../../src/model/watch.ts";
import { plain } from "../../../src/report/paint.ts";
import { changeTeller } from "../../../src/report/watch/changes.ts";
import { passedText } from "../../../src/report/watch/passed.ts";
import { watchTable } from "../../../src/report/watch/table.ts";
import { ageText, durationText, growthText } from "../../../src/report/watch/words.ts";
import { closeWait, node, reading } from "./rows.ts";

const space = { columns: 120, rows: 30, paint: plain };

/** What is watched when these sockets are seen, a second after the other. */
function readings(seen: readonly (readonly SocketRow[])[], holder: SocketHolder = node, fail?: string): WatchReading[] {
  const read = fail === undefined ? undefined : readThreshold(fail);
  const thresholds = read === undefined || "problem" in read ? [] : [read];
  const watcher = new Watcher({ subject: "this machine", thresholds });
  const descriptors = [{ pid: holder.pid, process: holder.process, open: 124, limit: 1024 }];
  const totals = { inUse: 312, connected: 40, timeWait: 889 };
  return seen.map((rows, second) =>
    watcher.take(reading(second * 1000, rows, holder), { at: "", tookMs: 5, descriptors, totals }),
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const leak = (seconds: number) => numbers(seconds).map((second) => numbers(second).map((id) => closeWait(id)));

describe("the table", () => {
  test("shows who holds what, how old, how fast it grows, and when descriptors run out", () => {
    const [end] = readings(leak(61)).slice(-1);
    expect(end && watchTable(end, space)).toBe(
      `this machine   watched 1 min   network: 312 sockets, 40 connected, 889 TIME-WAIT

process      state       count  diagnosis              oldest    growth  peer              fd
node (4711)  CLOSE-WAIT     60  not closed (Recv-Q 0)  ≥ 59 s  +3,600/h  10.0.0.7 → :8080  23

descriptors  node (4711) has 124 of 1,024 open, 900 left; at +3,600/h none is left in 15 min, and what it opens then
             fails with EMFILE
not closed: the peer has closed, the program has not`,
    );
  });

  test("says so when there is nothing", () => {
    const [end] = readings([[]]);
    expect(end && watchTable(end, space)).toContain("No socket is held whose end has come.");
  });

  test("fits: names give way first, and groups that have no room are counted", () => {
    const many = numbers(40).map((id) =>
      closeWait(id, { peer: { address: `fd77:1:2:3:4:5:6:${id}`, port: 5000 + id } }),
    );
    const [end] = readings([many], { ...node, process: "a-process-with-a-name-without-end" });
    const text = end ? watchTable(end, { columns: 80, rows: 15, paint: plain }) : "";
    const lines = text.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(text).toMatch(/… and \d+ sockets in \d+ more groups/);
  });

  test("no control character of a process's name reaches the terminal", () => {
    const [end] = readings([[closeWait(1)]], { ...node, process: "\u001b[2Jevil\r\n\u0007" });
    const text = end ? watchTable(end, space) : "";
    expect(stripVTControlCharacters(text)).toBe(text);
    for (const control of ["\r", "\u0007"]) expect(text).not.toContain(control);
    expect(text).toContain("evil");
  });
});

describe("changes, where no table can stand", () => {
  test("are told when a socket was seen twice, when the number changes, and when all are gone", () => {
    const tell = changeTeller();
    const one = [closeWait(1)];
    const seen = readings([one, one, one, [...one, closeWait(2)], []]).map(tell);
    expect(seen).toEqual([
      [],
      ["1 s: node (4711) 10.0.0.7:40001 ↔ :8080 CLOSE-WAIT 1 (+1): not closed (Recv-Q 0), oldest ≥ 1 s, fd 24"],
      [],
      ["3 s: node (4711) 10.0.0.7 → :8080 CLOSE-WAIT 2 (+1): not closed (Recv-Q 0), oldest ≥ 3 s, fd 24"],
      ["4 s: node (4711) 10.0.0.7 → :8080 CLOSE-WAIT 0 (-2): all gone or moving again"],
    ]);
  });

  test("what is gone at the next reading is not told", () => {
    const tell = changeTeller();
    expect(readings(numbers(10).map((id) => [closeWait(id)])).flatMap(tell)).toEqual([]);
  });
});

test("a passed threshold says which socket, why, and what mends it", () => {
  const one = [closeWait(1)];
  const [end] = readings([one, one], node, "close-wait.age > 500ms").slice(-1);
  const text = end?.passed.map(passedText).join("\n") ?? "";
  expect(text).toContain('--fail "close-wait.age > 500ms": it is ≥ 1 s');
  expect(text).toContain("CLOSE-WAIT 10.0.0.1:8080 ↔ 10.0.0.7:40001, ≥ 1 s, not closed (Recv-Q 0), fd 24");
  expect(text).toContain("mend      Call socket.end()");
  expect(text).toContain("evidence  CLOSE-WAIT 0 0 10.0.0.1:8080");
});

test.each([
  [59_999, "59 s"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
  [18_360_000, "5 h 6 min"],
  [200_000_000, "2 days 7 h"],
])("%s ms are %s", (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text);
});

test("ages and growth in words", () => {
  expect([ageText(0), ageText(12_300)]).toEqual(["new", "≥ 12 s"]);
  expect([undefined, 0, 0.04, 1.26, 119.6, -3, 3600].map(growthText)).toEqual([
    ...["too early", "steady", "steady", "+1.3/h", "+120/h", "-3/h", "+3,600/h"],
  ]);
});
