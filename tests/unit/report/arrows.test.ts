import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../src/model/fact.ts";
import { tcpStates } from "../../../src/model/state.ts";
import { castOf } from "../../../src/report/ladder/cast.ts";
import { ladder } from "../../../src/report/ladder/ladder.ts";
import { rowsOf } from "../../../src/report/ladder/rows.ts";
import { widthOf } from "../../../src/report/text/width.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import { addresses, at, fault, note, state } from "../timeline/facts.ts";
import { kernel, observer, pair6, segment, segmentsOf, transition } from "../timeline/segments.ts";
import { bulk, crossingFins, handshake, lostAckOfFin, lostFin, request, resets } from "../timeline/wire-stories.ts";

const golden = (name: string) => `../../fixtures/runs/ladder-${name}.txt`;

const rows = (facts: readonly Fact[]) => {
  const t = fromFirstFact(timelineOf(facts));
  return rowsOf(t, castOf(t));
};
const arrows = (facts: readonly Fact[]) =>
  rows(facts).flatMap((row) => (row.kind === "beside" && row.arrow !== undefined ? [row.arrow] : []));
const stories = {
  "wire-request": request(),
  "wire-lost-ack": lostAckOfFin(),
  "wire-lost-fin": lostFin(),
  "wire-crossing": crossingFins(),
  "wire-bulk": bulk(),
  "wire-reset": resets(),
  "wire-v6": request(pair6),
};

describe("a ladder of the wire", () => {
  test.each(Object.entries(stories))("%s reads well at 80 columns", async (name, facts) => {
    const drawn = ladder(facts);
    for (const line of drawn.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
    await expect(drawn).toMatchFileSnapshot(golden(name));
  });

  test.each([60, 120])("reads well at %i columns", async (columns) => {
    const drawn = [lostFin(), bulk(), lostAckOfFin()].map((facts) => ladder(facts, { columns })).join("\n\n");
    for (const line of drawn.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    await expect(drawn).toMatchFileSnapshot(golden(`wire-${columns}`));
  });

  test("keeps within its columns and lets no control character out, whatever was captured", () => {
    const ends = fc.constantFrom("client", "server");
    const flags = fc.subarray(["FIN", "SYN", "RST", "ACK"]).map((some) => some.join(","));
    const fate = fc.record({ isUnseen: fc.boolean(), isUnnamed: fc.boolean(), takes: fc.nat(30), lostTo: fc.string() });
    const ms = fc.nat(200);
    const numbers = fc.record({ seq: fc.nat(2 ** 32), ack: fc.nat(9), len: fc.nat(70_000), window: fc.nat(2) });
    const any: fc.Arbitrary<Fact> = fc.oneof(
      fc.tuple(ms, ends, flags, fate, numbers).map(([when, from, on, one, some]) => {
        const { lostTo, ...rest } = one;
        return segment(when, from === "client" ? from : "server", on, {
          ...rest,
          ...some,
          ...(lostTo ? { lostTo } : {}),
        });
      }),
      fc
        .tuple(ms, ends, fc.constantFrom(...tcpStates), fc.constantFrom(...tcpStates))
        .map(([when, who, from, to]) => transition(when, who, from, to)),
      fc.tuple(ms, ends).map(([when, who]) => kernel(when, who, "retransmission")),
      fc.tuple(ms, ends, fc.constantFrom(...tcpStates)).map(([when, who, what]) => state(when, who, what)),
      fc.tuple(ms, fc.string()).map(([when, name]) => fault(when, "applied", 0, name)),
      ms.map((lost) => observer("server", { lost })),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), fc.integer({ min: 60, max: 130 }), (facts, columns) => {
        for (const line of ladder(facts, { columns }).split("\n")) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });
});

describe("an arrow", () => {
  test("goes from its sender to where the segment came", () => {
    const facts = [
      segment(0, "client", "SYN"),
      segment(1, "client", "SYN", { lostTo: "fault-1" }),
      segment(2, "server", "SYN,ACK", { ack: 1, isUnseen: true }),
    ];
    expect(arrows(facts)).toMatchObject([
      { towards: "right", fate: "arrived", part: "whole", count: 1 },
      { towards: "right", fate: "lost", lostTo: "fault-1" },
      { towards: "left", fate: "unseen" },
    ]);
    const [, , arrived, lost, unseen] = ladder(facts).split("\n");
    expect(arrived).toMatch(/│── SYN seq=0 .*─▶│$/);
    expect(lost).toMatch(/│── SYN seq=0 again ─+✗ {2}│$/);
    expect(unseen).toMatch(/│ +\?── SYN,ACK seq=0 ack=1 ──│$/);
  });

  test("names its fault only where the story has several, and has it as data always", () => {
    expect(ladder(lostFin())).toContain("fault-1 ✗── FIN,ACK");
    expect(ladder(lostAckOfFin())).not.toContain("fault-1");
    expect(arrows(lostAckOfFin()).filter(({ lostTo }) => lostTo === "fault-1")).toHaveLength(1);
  });

  test("is two where another FIN crossed it, or other rows lie between sending and arrival", () => {
    const parts = arrows(crossingFins()).map(({ part }) => part);
    expect(parts.filter((part) => part !== "whole")).toEqual(["sent", "sent", "received", "received"]);
    const late = [segment(0, "client", "SYN", { takes: 5 })];
    expect(arrows(late).map(({ labels, part }) => [part, labels.at(-2)])).toEqual([["whole", "SYN in 5.0 ms"]]);
    expect(arrows([...late, note(2, "x")]).map(({ part }) => part)).toEqual(["sent", "received"]);
  });

  test("is no two for a FIN that answers the other", () => {
    const facts = [
      segment(0, "client", "FIN,ACK", { seq: 1, ack: 1, takes: 0.1 }),
      segment(0.05, "server", "FIN,ACK", { seq: 1, ack: 2, takes: 0.1 }),
    ];
    expect(arrows(facts).map(({ part }) => part)).toEqual(["whole", "whole"]);
  });

  test("stands for many segments of a transfer, by direction and kind, but not for what has to be seen", () => {
    const [data, acks, ...rest] = arrows(bulk()).slice(3);
    expect(data).toMatchObject({ towards: "right", count: 40, labels: ["data: 40 segments, 655,360 bytes", {}, {}] });
    expect(acks).toMatchObject({ towards: "left", count: 20 });
    expect(rest.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
    const lost = bulk().map((fact) =>
      fact.kind === "segment" && fact.at === at(8) ? { ...fact, lostTo: "fault-1" } : fact,
    );
    expect(arrows(lost).filter(({ fate }) => fate === "lost")).toMatchObject([{ count: 1 }]);
    expect(arrows(lost).reduce((sum, { count }) => sum + count, 0)).toBe(
      arrows(bulk()).reduce((sum, one) => sum + one.count, 0),
    );
  });

  test("has a label for every width, from the fullest to the shortest", () => {
    const options = { mss: 1460 };
    expect(arrows([segment(0, "client", "SYN", { options, window: 64240 })])[0]?.labels).toEqual([
      "SYN seq=0 mss=1460 win=64240",
      "SYN seq=0",
      "SYN",
    ]);
    const labels = arrows(bulk()).map((arrow) => arrow.labels[0]);
    expect(labels).toContain("ACK ack=671745 win=0");
    expect(labels).toContain("ACK seq=671744 ack=1 window probe");
    expect(labels).toContain("ACK ack=671745 win=240 window update");
  });

  test("goes to the address of a port where no socket is", () => {
    const refused = [segment(0, "client", "SYN"), segment(0.1, "server", "RST,ACK", { sequence: 0, ack: 1 })].map(
      ({ from, to, ...fact }) => ({ ...fact, ...(from === "client" ? { from } : { to: "client" }) }),
    );
    expect(ladder(refused)).toMatch(/╷ 10\.77\.0\.2:20001\n.*SYN seq=0 .*─▶│\n.*│◀── RST,ACK seq=0 ack=1 ─+│/);
  });

  test("is drawn for a socket that has no name yet, when its address is the lifeline's", () => {
    const facts = [segment(0, "client", "SYN", { isUnnamed: true }), ...handshake()];
    expect(arrows(facts)).toHaveLength(4);
  });

  test("is none for sockets that have no name: they are told across, and counted when they are many", () => {
    const other = segmentsOf({
      client: { isn: 1, address: { address: "10.77.0.1", port: 50_000 } },
      server: { isn: 2, address: { address: "10.77.0.2", port: 20_009 } },
    });
    const syn = (ms: number) => other(ms, "client", "SYN", { isUnnamed: true, isUnseen: true });
    expect(ladder([...handshake(), syn(9)])).toContain(
      "── 10.77.0.1:50000 > 10.77.0.2:20009 SYN seq=0 (never arrived)",
    );
    const many = Array.from({ length: 500 }, (_, index) => syn(9 + index / 1000));
    expect(ladder([...handshake(), ...many])).toContain("── 500 segments of sockets that have no name here: SYN × 500");
  });
});

test("a long story is drawn in no time", () => {
  const many = Array.from({ length: 10_000 }, (_, index) =>
    segment(index, index % 2 === 0 ? "client" : "server", "PSH,ACK", {
      seq: index,
      ack: 1,
      len: 1,
      source: addresses.client,
    }),
  );
  expect(ladder(many).split("\n").length).toBeLessThan(70);
});
