import { describe, expect, test } from "vitest";
import type { Fact } from "../../../src/model/fact.ts";
import { castOf } from "../../../src/report/ladder/cast.ts";
import { ladder } from "../../../src/report/ladder/ladder.ts";
import { rowsOf } from "../../../src/report/ladder/rows.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import { event, note, state } from "../timeline/facts.ts";
import { kernel, observer, segment, transition } from "../timeline/segments.ts";
import { handshake } from "../timeline/wire-stories.ts";

const rows = (facts: readonly Fact[]) => {
  const t = fromFirstFact(timelineOf(facts));
  return rowsOf(t, castOf(t));
};
/** What stands on the client's lifeline. */
const states = (facts: readonly Fact[]) =>
  rows(facts).flatMap((row) => (row.kind === "beside" && row.left?.kind === "state" ? [row.left.text] : []));

describe("a lifeline", () => {
  test("has the kernel's transitions, and no reading that repeats them", () => {
    const facts = [
      transition(1, "client", "CLOSED", "SYN-SENT"),
      state(1.5, "client", "SYN-SENT"),
      transition(2, "client", "SYN-SENT", "ESTABLISHED"),
      state(3, "client", "ESTABLISHED"),
      state(4, "client", "ESTABLISHED", { label: "open" }),
      state(5, "client", "ESTABLISHED", { label: "open" }),
    ];
    expect(states(facts)).toEqual(["SYN-SENT", "ESTABLISHED", "still ESTABLISHED"]);
  });

  test("keeps the kernel's state where ss read during the change, and says what ss said when asked", () => {
    const changing = [
      transition(1, "client", "ESTABLISHED", "FIN-WAIT-1"),
      transition(2, "client", "FIN-WAIT-1", "FIN-WAIT-2"),
    ];
    const read = (label?: string) =>
      state(2.1, "client", "FIN-WAIT-1", { uncertaintyMs: 1, ...(label ? { label } : {}) });
    expect(states([...changing, read()])).toEqual(["FIN-WAIT-1", "FIN-WAIT-2"]);
    expect(states([...changing, read("x")])).toEqual(["FIN-WAIT-1", "FIN-WAIT-2", "ss: FIN-WAIT-1"]);
  });

  const closing = transition(5, "client", "FIN-WAIT-2", "CLOSED");
  const before = transition(1, "client", "FIN-WAIT-1", "FIN-WAIT-2");

  test.each<[string, readonly Fact[], readonly string[]]>([
    ["TIME-WAIT, when ss reads it later", [state(9, "client", "TIME-WAIT")], ["FIN-WAIT-2", "TIME-WAIT"]],
    ["either, when nobody looks again", [], ["FIN-WAIT-2", "CLOSED or TIME-WAIT"]],
    [
      "either, when ss looks too late",
      [state(99, "client", "CLOSED")],
      ["FIN-WAIT-2", "CLOSED or TIME-WAIT", "CLOSED"],
    ],
    ["CLOSED, when a reset came", [kernel(5.01, "client", "reset received")], ["FIN-WAIT-2", "CLOSED"]],
    ["nothing, when the orphan is still in FIN-WAIT-2", [state(9, "client", "FIN-WAIT-2")], ["FIN-WAIT-2"]],
    [
      "nothing, until ss reads TIME-WAIT of the orphan",
      [state(9, "client", "FIN-WAIT-2"), state(12, "client", "TIME-WAIT")],
      ["FIN-WAIT-2", "TIME-WAIT"],
    ],
  ])("where the kernel frees the socket says %s", (_, later, expected) => {
    expect(states([before, closing, ...later])).toEqual(expected);
  });

  test("says CLOSED at once where no TIME-WAIT can follow", () => {
    expect(states([transition(1, "client", "LAST-ACK", "CLOSED"), state(1, "server", "LISTEN")])).toEqual(["CLOSED"]);
  });

  test("shares a row with the segment that made its state, not with one that was lost", () => {
    const row = (facts: readonly Fact[]) => rows(facts).length;
    const change = transition(10.1, "server", "ESTABLISHED", "CLOSE-WAIT");
    const fin = { seq: 1, ack: 1 };
    expect(row([change, segment(10.05, "client", "FIN,ACK", fin)])).toBe(1);
    expect(row([change, segment(10.05, "client", "FIN,ACK", { ...fin, lostTo: "fault-1" })])).toBe(2);
    expect(row([change, segment(8, "client", "FIN,ACK", fin)])).toBe(2);
    expect(row([event(10.07, "server", "end"), change, segment(10.05, "client", "FIN,ACK", fin)])).toBe(3);
  });
});

describe("the clocks", () => {
  test("are told with what each observer lost", () => {
    const lossy = [observer("client", { us: 20 }), observer("server", { us: 30, lost: 2 })];
    const told = ladder([...handshake(), ...lossy]).replaceAll(/\s+/g, " ");
    expect(told).toContain("clocks capture ±0.02 ms (client), ±0.03 ms (server); ss ±1.0 ms");
    expect(told).toContain("the capture on server lost 2 segments: more may have happened than is drawn");
  });

  test("say when one drifted further than it is uncertain", () => {
    expect(ladder([note(1, "x"), { ...observer("client"), driftNs: -200_000 }])).toContain("±0.02 ms drifting 0.2 ms");
  });

  test("are not told where no source has one", () => {
    expect(ladder([note(1, "x")])).not.toContain("clocks");
  });
});
