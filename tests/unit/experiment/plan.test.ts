import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Case, Claim } from "../../../src/experiment/claim.ts";
import { type Batch, planBatches } from "../../../src/experiment/plan.ts";
import type { Needs } from "../../../src/model/claim.ts";

const aCase = (name: string, needs: Needs = {}, timerMs = 0): Case => ({
  name,
  needs,
  timerMs,
  experiment: async () => {},
  question: () => [],
});
const aClaim = (address: string, ...cases: Case[]): Claim => ({
  address,
  statement: { en: "", zh: "" },
  sources: [],
  cases,
});

const tasksOf = (batch: Batch) => [...batch.lead, ...batch.tasks];

const needs = fc.record({
  sysctls: fc.dictionary(fc.constantFrom("net.ipv4.a", "net.ipv4.b"), fc.integer({ min: 0, max: 2 }), {
    noNullPrototype: true,
  }),
  exclusive: fc.boolean(),
});
const claims = fc
  .array(fc.array(fc.tuple(needs, fc.constantFrom(0, 500, 1_000, 60_000)), { minLength: 1, maxLength: 4 }), {
    maxLength: 8,
  })
  .map((all) =>
    all.map((cases, at) =>
      aClaim(`topic/${at}`, ...cases.map(([need, timerMs], n) => aCase(`case ${n}`, need, timerMs))),
    ),
  );

describe("a plan", () => {
  test("leaves out what is not to be tried", () => {
    const claim = aClaim("topic/one", aCase("quick"), aCase("slow", {}, 60_000));
    const batches = planBatches([claim], ({ timerMs = 0 }) => timerMs < 1_000);
    expect(batches.flatMap(tasksOf).map((task) => task.case.name)).toEqual(["quick"]);
  });

  test("has every case exactly once", () => {
    fc.assert(
      fc.property(claims, (all) => {
        const planned = planBatches(all)
          .flatMap(tasksOf)
          .map((task) => task.case);
        expect(new Set(planned).size).toBe(planned.length);
        expect(planned.length).toBe(all.flatMap((claim) => claim.cases).length);
      }),
    );
  });

  test("gives a case only hosts with exactly the sysctls it needs", () => {
    fc.assert(
      fc.property(claims, (all) => {
        for (const batch of planBatches(all)) {
          for (const task of tasksOf(batch)) expect(task.case.needs?.sysctls ?? {}).toEqual(batch.lab.sysctls ?? {});
        }
      }),
    );
  });

  test("never runs an exclusive case beside another on the same hosts", () => {
    fc.assert(
      fc.property(claims, (all) => {
        for (const batch of planBatches(all)) {
          expect(tasksOf(batch).every((task) => (task.case.needs?.exclusive ?? false) === batch.inTurn)).toBe(true);
        }
      }),
    );
  });

  test("shares out what is too much for one lab, without parting the cases of a claim", () => {
    const many = Array.from({ length: 100 }, (_, at) => aClaim(`t/${at}`, aCase("a"), aCase("b"), aCase("c")));
    const batches = planBatches(many);
    expect(batches.map((batch) => tasksOf(batch).length)).toEqual([150, 150]);
    const labsOf = (claim: Claim) => batches.filter((batch) => tasksOf(batch).some((task) => task.claim === claim));
    expect(many.filter((claim) => labsOf(claim).length !== 1)).toEqual([]);
  });

  test("does not care in which order sysctls are written", () => {
    const one = aCase("one", { sysctls: { "net.ipv4.a": 1, "net.ipv4.b": 2 } });
    const other = aCase("other", { sysctls: { "net.ipv4.b": 2, "net.ipv4.a": 1 } });
    expect(planBatches([aClaim("t/a", one), aClaim("t/b", other)])).toHaveLength(1);
  });

  test("leads with the smallest claim that the plainest hosts alone can decide at once", () => {
    const [first] = planBatches([
      aClaim("t/large", aCase("a"), aCase("b"), aCase("c")),
      aClaim("t/small", aCase("a"), aCase("b")),
      aClaim("t/waits", aCase("a", {}, 60_000)),
      aClaim("t/elsewhere", aCase("a"), aCase("b", { exclusive: true })),
    ]);
    expect(first?.lead.map((task) => task.claim.address)).toEqual(["t/small", "t/small"]);
  });

  test("makes no quick exclusive case wait behind a kernel timer", () => {
    const slow = aCase("slow", { exclusive: true }, 60_000);
    const quick = aCase("quick", { exclusive: true });
    expect(planBatches([aClaim("t/a", slow, quick)])).toHaveLength(2);
  });

  test("opens the plainest hosts first, then those that wait longest", () => {
    const plan = planBatches([
      aClaim("t/a", aCase("short", { sysctls: { "net.ipv4.a": 1 } })),
      aClaim("t/b", aCase("long", { sysctls: { "net.ipv4.b": 1 } }, 60_000)),
      aClaim("t/c", aCase("plain")),
    ]);
    expect(plan.map((batch) => tasksOf(batch)[0]?.case.name)).toEqual(["plain", "long", "short"]);
  });
});
