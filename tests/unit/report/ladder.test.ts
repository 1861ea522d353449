import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../src/model/fact.ts";
import { tcpStates } from "../../../src/model/state.ts";
import { ladder } from "../../../src/report/ladder/ladder.ts";
import { widthOf } from "../../../src/report/text/width.ts";
import {
  call,
  closed,
  closedThroughLoss,
  event,
  fault,
  halfClosed,
  measure,
  missed,
  note,
  state,
} from "../timeline/facts.ts";

const golden = (name: string) => `../../fixtures/runs/ladder-${name}.txt`;

const readAgain = Array.from({ length: 200 }, (_, index) => state(30 + index, "client", "TIME-WAIT"));

const crowded: readonly Fact[] = [
  ...closedThroughLoss(),
  ...Array.from({ length: 12 }, (_, index) => [
    call(1 + index, `client-${index + 2}`, "connect"),
    state(30 + index, `client-${index + 2}`, "SYN-SENT"),
    state(40 + index, `client-${index + 2}`, "ESTABLISHED"),
  ]).flat(),
  measure(5, "server", "open fds", "open", 23),
  note(7, "the server's event loop is blocked for 250 ms"),
  event(9, "client", "error", { code: "ECONNRESET", message: "read ECONNRESET" }),
  call(9.5, "client", "write", "ERR_STREAM_WRITE_AFTER_END"),
  ...Array.from({ length: 30 }, (_, index) => event(8 + index / 100, "server", "data", { bytes: 65_536 })),
];

describe("a ladder", () => {
  test.each([
    ["closed", closed()],
    ["loss", closedThroughLoss()],
    ["missed", [...halfClosed(), missed(5020, 'server in LAST-ACK at "held"', "CLOSE-WAIT 0 0")]],
    ["crowded", crowded],
  ])("of %s reads well at 80 columns", async (name, facts) => {
    const drawn = ladder(facts);
    for (const line of drawn.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
    await expect(drawn).toMatchFileSnapshot(golden(name));
  });

  test("widens with the terminal", async () => {
    await expect(ladder(crowded, { columns: 120 })).toMatchFileSnapshot(golden("crowded-120"));
  });

  test("draws a state once, however often it was read", () => {
    expect(ladder([...closed(), ...readAgain])).toBe(ladder(closed()));
  });

  test("counts its time from the first fact", () => {
    const later = closed().map((fact) => ({ ...fact, at: (fact.at + 7e9) as typeof fact.at }));
    expect(ladder(later)).toBe(ladder(closed()));
  });

  test("says how many rows of a long story it leaves out", () => {
    const long = Array.from({ length: 300 }, (_, index) => call(index, index % 2 ? "client" : "server", "write"));
    const drawn = ladder(long, { rows: 20 }).split("\n");
    expect(drawn).toHaveLength(2 + 20 + 1);
    expect(drawn.find((line) => line.includes("rows left out"))).toContain("… 280 rows left out …");
    expect(drawn.at(-1)).toContain("299.0 ms");
  });

  test("of nothing says so", () => {
    expect(ladder([])).toBe("(nothing was observed)");
  });

  test("of one side only leaves the other lifeline empty", () => {
    expect(ladder([state(0, "server", "LISTEN")])).toMatch(/│ +├ LISTEN/);
  });

  test("lets no control character out, whoever sent it", () => {
    const hostile = [note(1, "\u001b[31mred\u0007\nsecond line"), event(2, "server", "\u001b]0;title\u0007")];
    expect(ladder(hostile)).not.toMatch(/[\p{Cc}--\n]/v);
  });

  test("keeps within its columns, whatever the story", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    const ms = fc.integer({ min: 0, max: 300_000 });
    const name = fc.constantFrom("client", "server", "client-2", "probe");
    const anyFact: fc.Arbitrary<Fact> = fc.oneof(
      fc.tuple(ms, name, fc.constantFrom(...tcpStates)).map(([at, who, what]) => state(at, who, what)),
      fc.tuple(ms, name, text).map(([at, who, what]) => call(at, who, what)),
      fc.tuple(ms, name, text, text).map(([at, who, what, code]) => event(at, who, what, { code })),
      fc.tuple(ms, text).map(([at, what]) => note(at, what)),
      fc.tuple(ms, text).map(([at, what]) => fault(at, "applied", 0, what)),
      fc.tuple(ms, text).map(([at, what]) => missed(at, what, what)),
    );
    fc.assert(
      fc.property(fc.array(anyFact, { maxLength: 40 }), fc.integer({ min: 60, max: 160 }), (facts, columns) => {
        for (const line of ladder(facts, { columns }).split("\n")) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line).toBe(line.trimEnd());
        }
      }),
    );
  });
});
