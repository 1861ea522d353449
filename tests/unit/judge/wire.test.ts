import { describe, expect, test } from "vitest";
import { claimed } from "../../../src/judge/question.ts";
import { everySegment, onWire, someSegment } from "../../../src/judge/wire.ts";
import type { Fact } from "../../../src/model/fact.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import { has, type WireSegment } from "../../../src/timeline/wire.ts";
import { state } from "../timeline/facts.ts";
import { observer, segment } from "../timeline/segments.ts";
import { request } from "../timeline/wire-stories.ts";

const ends = ["client", "server"] as const;
const isFin = (one: WireSegment) => has(one, "FIN");
const hasAck = (one: WireSegment) => has(one, "ACK");
const look = (facts: readonly Fact[], finding: Parameters<typeof onWire>[2]) =>
  onWire(fromFirstFact(timelineOf(facts)), ends, finding);

describe("the wire as evidence", () => {
  test("says yes and shows the segments that say so", () => {
    const seen = look(request(), (all) => someSegment(all, isFin));
    expect(seen.answer).toBe(true);
    expect(seen.evidence.map((fact) => fact.kind === "segment" && fact.segment.flags)).toEqual([
      ["FIN", "ACK"],
      ["FIN", "ACK"],
    ]);
  });

  test("says no and shows the segments against it", () => {
    const seen = look(request(), (all) => everySegment(all, hasAck));
    expect(seen.answer).toBe(false);
    expect(seen.evidence).toMatchObject([{ segment: { flags: ["SYN"] } }]);
  });

  test("says no from a whole capture that has no such segment, and shows the first few there are", () => {
    const seen = look(request(), (all) => someSegment(all, (one) => has(one, "RST")));
    expect(seen.answer).toBe(false);
    expect(seen.evidence).toHaveLength(6);
  });

  test.each([true, false])("is unseen when a capture lost anything, though the rest would say %s", (wanted) => {
    const lossy = [
      ...request().filter(({ kind }) => kind !== "observer"),
      observer("client"),
      observer("server", { lost: 2 }),
    ];
    const seen = look(lossy, (all) => someSegment(all, wanted ? isFin : (one) => has(one, "RST")));
    expect(seen.answer).toBeUndefined();
    expect(seen.evidence).toMatchObject([{ kind: "observer", host: "server", lost: 2 }]);
  });

  test("is not spoilt by what a tracepoint lost", () => {
    const facts = [...request(), observer("client", { lost: 9, observer: "tracepoint" })];
    expect(look(facts, (all) => someSegment(all, isFin)).answer).toBe(true);
  });

  test("is unseen without a capture, without segments of these two, and where nothing was picked", () => {
    const any = (all: readonly WireSegment[]) => someSegment(all, isFin);
    expect(
      look(
        request().filter(({ kind }) => kind !== "observer"),
        any,
      ),
    ).toEqual({ answer: undefined, evidence: [] });
    expect(look([state(0, "client", "SYN-SENT"), observer("client")], any).answer).toBeUndefined();
    expect(look([segment(0, "client", "SYN", { isUnnamed: true }), observer("client")], any).answer).toBeUndefined();
    expect(look(request(), () => everySegment([], hasAck)).answer).toBeUndefined();
  });

  test("is quoted with relative numbers, and of the capture's tier", () => {
    const check = claimed(
      "somebody closes",
      look(request(), (all) => someSegment(all, isFin)),
    );
    expect(check).toMatchObject({ answer: "yes", tier: "capture" });
    expect(check.evidence[0]).toMatch(/^\+10\.100 ms client > server \[FIN,ACK\] seq 101 ack 21 win 502 len 0 /);
  });
});
