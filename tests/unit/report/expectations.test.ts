import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFinwaitError } from "../../../src/model/errors.ts";
import { differences, formatExpectations, parseExpectations } from "../../../src/report/expectations.ts";
import { puts, runOf, sampleRun } from "./runs.ts";

const run = sampleRun();

describe("a file of expectations", () => {
  test("has one address and verdict a line, and comments", () => {
    const text =
      "\ufeff# header\r\n\r\nclose/four-segments confirmed # since 0.1\n  wire/isn-is-random\tconditional\n#x\n";
    expect([...parseExpectations(text, "expected.txt")]).toEqual([
      ["close/four-segments", "confirmed"],
      ["wire/isn-is-random", "conditional"],
    ]);
    expect(parseExpectations("", "expected.txt").size).toBe(0);
  });

  test.each([
    ["close/four-segments", 'line 1: expected "address verdict", found "close/four-segments".'],
    ["# x\n\nclose/a confirmed really", 'line 3: expected "address verdict", found "close/a confirmed really".'],
    [
      "close/a comfirmed",
      'line 1: "comfirmed" is no verdict; use one of confirmed, refuted, conditional, inconclusive, untestable.',
    ],
    ["close/a error", 'line 1: "error" is no verdict; use one of confirmed'],
    ["close/a confirmed\nclose/a refuted", 'line 2: "close/a" has a verdict on line 1 already; keep one of them.'],
    ["four-segments confirmed", 'line 1: "four-segments" is no claim address, like "close/four-segments".'],
    ["Close/A confirmed", 'line 1: "Close/A" is no claim address'],
    ["close/a\0 confirmed", 'line 1: a control character stands in "close/a\ufffd confirmed"; is this a text file?'],
    ["\u001b[31mclose/a confirmed", "line 1: a control character stands in"],
    ["PK\u0003\u0004\u0000\ufffd\ufffd", "line 1: a control character stands in"],
    ["__proto__ confirmed", "is no claim address"],
  ])("%#: is refused with the line and what is wrong there", (text, message) => {
    expect(() => parseExpectations(text, "expected.txt")).toThrow(
      expect.objectContaining({ code: "FINWAIT_USAGE", message: expect.stringContaining(message) }),
    );
    expect(() => parseExpectations(text, "expected.txt")).toThrow(/^expected\.txt, line \d+: /);
  });

  test("of any text is read or refused, never anything else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          parseExpectations(text, "f");
        } catch (error) {
          expect(isFinwaitError(error, "FINWAIT_USAGE")).toBe(true);
        }
      }),
    );
  });

  test("written from a run expects what the run found, and nothing of what the harness broke", () => {
    expect(formatExpectations(run)).toMatchInlineSnapshot(`
      "# What finwait expects of each claim: address, verdict.
      close/passive-ends-first      refuted
      close/passive-path            inconclusive
      half-close/fin-wait-2-timeout conditional
      half-close/two-states         confirmed
      loss/first-fin                untestable
      # reset/no-time-wait: the harness broke, nothing to expect
      "
    `);
    const read = parseExpectations(formatExpectations(run), "f");
    const found = run.verdicts.filter(({ verdict }) => verdict !== "error");
    expect(read).toEqual(new Map(found.map(({ address, verdict }) => [address, verdict])));
    expect(differences(run, read)).toEqual([]);
  });
});

describe("the differences", () => {
  test("are the claims that did not turn out as recorded", () => {
    const expected = new Map([
      ["half-close/two-states", "refuted"],
      ["loss/first-fin", "confirmed"],
      ["close/passive-ends-first", "refuted"],
    ] as const);
    expect(differences(run, expected)).toEqual([
      { address: "half-close/two-states", expected: "refuted", actual: "confirmed" },
      { address: "loss/first-fin", expected: "confirmed", actual: "untestable" },
    ]);
  });

  test("do not name what the harness broke, what was not recorded, or what was not asked for", () => {
    const expected = new Map([
      ["reset/no-time-wait", "confirmed"],
      ["time-wait/tunable", "confirmed"],
    ] as const);
    expect(differences(run, expected)).toEqual([]);
  });

  test("name a claim that was asked for and has no verdict", () => {
    const cut = { ...runOf(puts.confirmed), verdicts: [] };
    expect(differences(cut, new Map([["half-close/two-states", "confirmed"]]))).toEqual([
      { address: "half-close/two-states", expected: "confirmed", actual: "not run" },
    ]);
  });
});

describe("a verdict that cases were left out of", () => {
  const partial = { ...run, verdicts: run.verdicts.map((verdict) => ({ ...verdict, isPartial: true as const })) };

  test("is not recorded as what is to be expected, and differs from nothing", () => {
    expect(parseExpectations(formatExpectations(partial), "f").size).toBe(0);
    expect(formatExpectations(partial)).toContain("so far, cases were left out");
    const contrary = new Map(run.verdicts.map(({ address }) => [address, "inconclusive" as const]));
    expect(differences(partial, contrary).filter(({ actual }) => actual !== "not run")).toEqual([]);
  });
});
