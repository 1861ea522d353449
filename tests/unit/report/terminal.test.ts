import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EvidenceTier } from "../../../src/model/verdict.ts";
import { colours } from "../../../src/report/paint.ts";
import { explainText } from "../../../src/report/terminal/explain.ts";
import { summary } from "../../../src/report/terminal/summary.ts";
import { verdictLine } from "../../../src/report/terminal/verdict-line.ts";
import { widthOf } from "../../../src/report/text/width.ts";
import { pick, puts, runOf, sampleRun } from "./runs.ts";

const run = sampleRun();
const golden = (name: string) => `../../fixtures/runs/${name}`;

const everyLine = (columns: number) =>
  run.claims.map(({ claim }) => verdictLine(pick(run, claim.address).verdict, claim, { columns })).join("\n");

describe("a verdict on the terminal", () => {
  test.each([60, 80, 120])("reads well at %i columns", async (columns) => {
    await expect(everyLine(columns)).toMatchFileSnapshot(golden(`verdicts-${columns}.txt`));
  });

  test.each([60, 72, 80, 100, 200])("fits %i columns", (columns) => {
    for (const line of everyLine(columns).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  test("says under which condition a conditional claim holds and fails", () => {
    const { claim, verdict } = pick(run, "half-close/fin-wait-2-timeout");
    const said = verdictLine(verdict, claim);
    expect(said).toMatch(/holds when\s+the client closes with destroy\(\)/);
    expect(said).toMatch(/fails when\s+the client half-closes with end\(\)/);
  });

  test("says which evidence it rests on, and nothing of a verdict without any", () => {
    const { claim, verdict, outcomes } = pick(run, "half-close/fin-wait-2-timeout");
    const resting = (...tiers: readonly EvidenceTier[]) => ({
      ...verdict,
      cases: verdict.cases.flatMap((one) => tiers.map((tier) => ({ ...one, tier }))),
    });
    const head = (...tiers: readonly EvidenceTier[]) => verdictLine(resting(...tiers), claim).split("\n")[0] ?? "";
    expect(head("capture", "ss", "capture")).toMatch(/A FIN-WAIT-2 whose… +ss\+capture$/);
    expect(head("tracepoint", "proc", "ss")).toMatch(/ {2}proc–tracepoint$/);
    expect(widthOf(head("ss"))).toBe(80);
    expect(verdictLine(pick(run, "loss/first-fin").verdict, claim).split("\n")[0]).toMatch(/…$/);
    expect(explainText(claim, resting("tracepoint"), outcomes)).toContain("fails  (evidence: tracepoint)");
  });

  test("shows what was found instead of what a refuted claim says", () => {
    const { claim, verdict } = pick(run, "close/passive-ends-first");
    const said = verdictLine(verdict, claim);
    expect(said).toMatch(/not so\s+the server is CLOSED before the client sees its end/);
    expect(said).toContain("+850.200 ms client 'end'");
    expect(said).toContain("1 more case");
  });

  test("lets no control character of the outside reach the terminal", () => {
    const { claim, verdict } = pick(run, "reset/no-time-wait");
    expect(verdictLine(verdict, claim)).not.toMatch(/[\p{Cc}--\n]/v);
  });

  test("is the same text with and without colours", () => {
    for (const { claim } of run.claims) {
      const { verdict } = pick(run, claim.address);
      const painted = verdictLine(verdict, claim, { paint: colours });
      expect(painted).toContain("\u001b[");
      expect(stripVTControlCharacters(painted)).toBe(verdictLine(verdict, claim));
    }
  });

  test("fits whatever the claim is called and says", () => {
    const word = fc.string({ unit: "grapheme", maxLength: 90 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 60, max: 130 }), (en, name, columns) => {
        const { claim, verdict } = pick(run, "half-close/fin-wait-2-timeout");
        const said = verdictLine(
          { ...verdict, cases: verdict.cases.map((one) => ({ ...one, case: name })) },
          { ...claim, statement: { en, zh: en } },
          { columns },
        );
        for (const line of said.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe("the summary", () => {
  test("counts the verdicts and says how long it took", () => {
    expect(summary(run)).toBe(
      "6 claims: 1 confirmed, 1 refuted, 1 conditional, 1 inconclusive, 1 untestable, 1 error  (5.3 s)",
    );
    expect(summary({ ...run, durationMs: 125_000 })).toContain("(2 min 5 s)");
    const { durationMs: _, ...unclocked } = run;
    expect(summary(unclocked)).toContain("(0.3 s in the cases)");
    expect(summary(runOf())).toBe("0 claims  (5.3 s)");
  });

  test("lists what differs from the recorded expectations", () => {
    const expectations = new Map([
      ["half-close/two-states", "confirmed"],
      ["close/passive-ends-first", "confirmed"],
      ["loss/first-fin", "confirmed"],
    ] as const);
    expect(summary(run, { expectations })).toMatchInlineSnapshot(`
      "6 claims: 1 confirmed, 1 refuted, 1 conditional, 1 inconclusive, 1 untestable, 1 error  (5.3 s)
      2 verdicts differ from what was expected:
        close/passive-ends-first: expected confirmed, got refuted
        loss/first-fin: expected confirmed, got untestable
      2 claims without a recorded verdict."
    `);
    expect(summary(runOf(puts.confirmed), { expectations })).toContain("No verdict differs");
  });
});

describe("an explanation", () => {
  test.each([
    "half-close/two-states",
    "close/passive-ends-first",
    "half-close/fin-wait-2-timeout",
    "reset/no-time-wait",
  ])("of %s gives the statement in both languages, sources, cases, evidence and story", async (address) => {
    const { claim, verdict, outcomes } = pick(run, address);
    const text = explainText(claim, verdict, outcomes);
    for (const line of text.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(text.indexOf("  On") <= text.indexOf("半")).toBe(true);
    await expect(text).toMatchFileSnapshot(golden(`explain-${address.replace("/", "-")}.txt`));
  });

  test("of a claim that was not run has its cases and what they need", () => {
    const { claim } = pick(run, "half-close/fin-wait-2-timeout");
    const text = explainText(claim);
    expect(text).toContain("ipv4.tcp_fin_timeout=3; kernel timers of 3 s");
    expect(text).not.toContain("conditional");
  });
});
