import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allOf, anyOf, not, type Observation } from "../../../src/judge/observation.ts";
import { note } from "../timeline/facts.ts";

const answers = fc.constantFrom(true, false, undefined);
const observation = fc
  .record({ answer: answers, at: fc.nat({ max: 50 }) })
  .map(({ answer, at }): Observation => ({ answer, evidence: [note(at, "seen")] }));
const some = fc.array(observation, { minLength: 1, maxLength: 6 });

describe("three-valued logic", () => {
  const table: readonly [boolean | undefined, boolean | undefined, boolean | undefined, boolean | undefined][] = [
    [true, true, true, true],
    [true, false, false, true],
    [true, undefined, undefined, true],
    [false, false, false, false],
    [false, undefined, false, undefined],
    [undefined, undefined, undefined, undefined],
  ];
  test.each(table)("of %s and %s: and is %s, or is %s", (a, b, and, or) => {
    const [one, other] = [a, b].map((answer): Observation => ({ answer, evidence: [] }));
    for (const pair of [
      [one, other],
      [other, one],
    ] as [Observation, Observation][]) {
      expect(allOf(...pair).answer).toBe(and);
      expect(anyOf(...pair).answer).toBe(or);
    }
  });

  test("obeys double negation", () => {
    fc.assert(
      fc.property(observation, (a) => {
        expect(not(not(a))).toEqual(a);
      }),
    );
  });

  test("obeys De Morgan's laws, evidence included", () => {
    fc.assert(
      fc.property(some, (all) => {
        expect(not(allOf(...all))).toEqual(anyOf(...all.map(not)));
        expect(not(anyOf(...all))).toEqual(allOf(...all.map(not)));
      }),
    );
  });

  test("does not depend on how observations are grouped", () => {
    fc.assert(
      fc.property(some, some, (left, right) => {
        expect(allOf(allOf(...left), allOf(...right)).answer).toBe(allOf(...left, ...right).answer);
        expect(anyOf(anyOf(...left), anyOf(...right)).answer).toBe(anyOf(...left, ...right).answer);
      }),
    );
  });

  test("distributes and over or", () => {
    fc.assert(
      fc.property(observation, observation, observation, (a, b, c) => {
        expect(allOf(a, anyOf(b, c)).answer).toBe(anyOf(allOf(a, b), allOf(a, c)).answer);
      }),
    );
  });

  test("never turns an unseen answer into a seen one by seeing less", () => {
    fc.assert(
      fc.property(some, fc.nat({ max: 5 }), (all, index) => {
        const blurred = all.map((one, i) => (i === index ? { ...one, answer: undefined } : one));
        for (const combine of [allOf, anyOf]) {
          const [clear, dim] = [combine(...all).answer, combine(...blurred).answer];
          expect(dim === undefined || dim === clear).toBe(true);
        }
      }),
    );
  });

  test("finds nothing in nothing", () => {
    expect(allOf()).toEqual({ answer: undefined, evidence: [] });
    expect(anyOf()).toEqual({ answer: undefined, evidence: [] });
  });

  test("keeps the evidence that decided, each fact once, in order of time", () => {
    const [early, late] = [note(1, "early"), note(2, "late")];
    const yes: Observation = { answer: true, evidence: [late] };
    const no: Observation = { answer: false, evidence: [late, early] };
    expect(allOf(yes, no)).toEqual({ answer: false, evidence: [early, late] });
    expect(anyOf(yes, no)).toEqual({ answer: true, evidence: [late] });
    expect(allOf(yes, yes)).toEqual({ answer: true, evidence: [late] });
  });
});
