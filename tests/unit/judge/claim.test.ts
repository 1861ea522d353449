import { describe, expect, test } from "vitest";
import { judgeClaim } from "../../../src/judge/claim.ts";
import type { ClaimData } from "../../../src/model/claim.ts";
import type { CaseAnswer, CaseVerdict } from "../../../src/model/verdict.ts";

const claimOf = (...names: readonly string[]): ClaimData => ({
  address: "close/four-segments",
  statement: { en: "Closing takes four segments.", zh: "关闭需要四个报文段。" },
  sources: [],
  cases: names.map((name) => ({ name, needs: {}, timerMs: 0 })),
});

const judged = (name: string, answer: CaseAnswer): CaseVerdict => ({ case: name, answer, checks: [] });

const answers: readonly CaseAnswer[] = ["holds", "fails", "inconclusive", "untestable"];

// Every set of answers a claim's cases can give, as the presence of holds, fails, inconclusive, untestable.
const table: readonly [present: string, word: string][] = [
  ["", "untestable"],
  ["H", "confirmed"],
  ["F", "refuted"],
  ["HF", "conditional"],
  ["I", "inconclusive"],
  ["HI", "inconclusive"],
  ["FI", "inconclusive"],
  ["HFI", "inconclusive"],
  ["U", "untestable"],
  ["HU", "confirmed"],
  ["FU", "refuted"],
  ["HFU", "conditional"],
  ["IU", "inconclusive"],
  ["HIU", "inconclusive"],
  ["FIU", "inconclusive"],
  ["HFIU", "inconclusive"],
];

describe("a claim's verdict", () => {
  const leftOut = (name: string): CaseVerdict => ({ ...judged(name, "untestable"), leftOut: true });

  test("is one so far when cases were left out that could turn it", () => {
    const partial = judgeClaim(claimOf("a", "b"), [judged("a", "holds"), leftOut("b")]);
    expect(partial).toMatchObject({ verdict: "confirmed", isPartial: true });
    const settled = judgeClaim(claimOf("a", "b", "c"), [judged("a", "holds"), judged("b", "fails"), leftOut("c")]);
    expect(settled).not.toHaveProperty("isPartial");
    expect(judgeClaim(claimOf("a", "b"), [judged("a", "holds"), judged("b", "untestable")])).not.toHaveProperty(
      "isPartial",
    );
  });

  test("has a line in the table for every set of answers", () => {
    expect(new Set(table.map(([present]) => present)).size).toBe(2 ** answers.length);
  });

  test.each(table)("of cases that answer %s: %s; and an error with one broken case more", (present, word) => {
    const cases = answers.filter((answer) => present.includes(answer.charAt(0).toUpperCase()));
    for (const times of [1, 3]) {
      const verdicts = Array.from({ length: times }, () => cases)
        .flat()
        .map((answer, index) => judged(`case ${index}`, answer));
      const claim = claimOf(...verdicts.map((verdict) => verdict.case));
      expect(judgeClaim(claim, verdicts)).toMatchObject({ verdict: word, cases: verdicts, broken: [] });
      const broken = [{ case: "broken", code: "FINWAIT_PROTOCOL", message: "…" }];
      expect(judgeClaim(claim, verdicts, broken)).toMatchObject({ verdict: "error", cases: verdicts, broken });
    }
  });

  test("is inconclusive when one of the claim's cases was forgotten", () => {
    const verdict = judgeClaim(claimOf("first", "second"), [judged("first", "holds")]);
    expect(verdict).toMatchObject({
      verdict: "inconclusive",
      cases: [{ case: "first" }, { case: "second", reason: "The case was not tried." }],
    });
  });

  test("lists its cases as the claim does, and those it does not know at the end", () => {
    const all = ["old", "second", "first"].map((name) => judged(name, "holds"));
    const { cases } = judgeClaim(claimOf("first", "second"), all);
    expect(cases.map((one) => one.case)).toEqual(["first", "second", "old"]);
  });
});
