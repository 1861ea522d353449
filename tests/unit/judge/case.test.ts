import { describe, expect, test } from "vitest";
import { judgeCase } from "../../../src/judge/case.ts";
import { claimed, given, type Question } from "../../../src/judge/question.ts";
import { inState } from "../../../src/judge/states.ts";
import { FinwaitError } from "../../../src/model/errors.ts";
import type { Fact } from "../../../src/model/fact.ts";
import { type CaseOutcome, type Check, isBrokenCase } from "../../../src/model/verdict.ts";
import { call, fault, halfClosed, measure, missed, note, state } from "../timeline/facts.ts";
import { kernel, observer, segment, transition } from "../timeline/segments.ts";

const tried = (facts: readonly Fact[]): CaseOutcome => ({
  kind: "tried",
  case: "the client ends",
  facts,
  durationMs: 12,
});

const one = (role: Check["role"], answer: boolean | undefined, evidence: readonly Fact[] = []): Check =>
  (role === "given" ? given : claimed)(`${role} ${answer}`, { answer, evidence });

const judge = (facts: readonly Fact[], ...checks: readonly Check[]) => judgeCase(tried(facts), () => checks);

const premises = {
  none: [],
  met: [one("given", true)],
  "not met": [one("given", false)],
  unseen: [one("given", undefined)],
};
const statements = {
  none: [],
  true: [one("statement", true)],
  false: [one("statement", false)],
  unseen: [one("statement", undefined)],
  "true and false": [one("statement", true), one("statement", false)],
  "unseen and false": [one("statement", undefined), one("statement", false)],
  "true and unseen": [one("statement", true), one("statement", undefined)],
};

describe("a tried case", () => {
  test.each<[keyof typeof premises, keyof typeof statements, string, RegExp | undefined]>([
    ["none", "true", "holds", undefined],
    ["met", "true", "holds", undefined],
    ["met", "false", "fails", undefined],
    ["met", "true and false", "fails", undefined],
    ["met", "unseen and false", "fails", undefined],
    ["met", "unseen", "inconclusive", /evidence was not seen: statement undefined/],
    ["met", "true and unseen", "inconclusive", /evidence was not seen/],
    ["met", "none", "inconclusive", /no statement/],
    ["none", "none", "inconclusive", /no statement/],
    ["not met", "true", "inconclusive", /premise was not met: given false/],
    ["not met", "false", "inconclusive", /premise was not met/],
    ["unseen", "true", "inconclusive", /premise was not seen: given undefined/],
    ["unseen", "false", "inconclusive", /premise was not seen/],
    ["unseen", "none", "inconclusive", /premise was not seen/],
  ])("whose premises are %s and whose statements are %s: %s", (premise, statement, answer, reason) => {
    const verdict = judge(halfClosed(), ...premises[premise], ...statements[statement]);
    expect(verdict).toMatchObject({ case: "the client ends", answer });
    expect(verdict).not.toHaveProperty("tier");
    if (reason === undefined) expect(verdict).not.toHaveProperty("reason");
    else expect(verdict).toHaveProperty("reason", expect.stringMatching(reason));
  });

  test.each<[string | undefined, readonly Fact[]]>([
    [undefined, []],
    ["runtime", [call(1, "client", "end"), note(1, "x"), missed(1, "x", "y")]],
    ["proc", [call(1, "client", "end"), measure(1, "server", "fds", "open", 2)]],
    ["ss", [measure(1, "server", "fds", "open", 2), state(1, "client", "ESTABLISHED")]],
    ["capture", [state(1, "client", "ESTABLISHED"), segment(1, "client", "SYN")]],
    ["capture", [observer("client", { lost: 1 })]],
    ["tracepoint", [transition(1, "client", "CLOSED", "SYN-SENT"), segment(1, "client", "SYN")]],
    ["tracepoint", [kernel(1, "client", "retransmission")]],
  ])("rests on the highest tier of its evidence: %s", (tier, evidence) => {
    const verdict = judge(halfClosed(), one("given", true), one("statement", true, evidence));
    expect("tier" in verdict ? verdict.tier : undefined).toBe(tier);
    expect("checks" in verdict ? verdict.checks.map((check) => check.tier) : []).toEqual([undefined, tier]);
  });

  test("is inconclusive, whatever was seen, when a fault caught nothing", () => {
    const idle = [...halfClosed(), fault(18, "applied"), fault(19, "lifted", 0)];
    for (const answer of [true, false]) {
      expect(judge(idle, one("statement", answer))).toMatchObject({
        answer: "inconclusive",
        reason: 'The fault "lose-fin" on host "client" caught nothing: lose every FIN of the server.',
        checks: [{}],
      });
    }
    const open = judge([...halfClosed(), fault(18, "applied")], one("statement", true));
    expect(open).toHaveProperty("reason", expect.stringContaining("never lifted"));
  });

  test("holds with faults that all caught something", () => {
    const facts = [...halfClosed(), fault(18, "applied"), fault(19, "lifted", 1)];
    expect(judge(facts, one("statement", true))).toMatchObject({ answer: "holds" });
  });

  test("names the deadline that was missed", () => {
    const cut = [...halfClosed(), missed(5020, 'client in TIME-WAIT at "closed"', "FIN-WAIT-2 0 0")];
    const waited = 'Waited 5000 ms for client in TIME-WAIT at "closed"; last seen: FIN-WAIT-2 0 0.';
    for (const check of [one("given", undefined), one("given", false), one("statement", undefined)]) {
      expect(judge(cut, check)).toHaveProperty("reason", expect.stringContaining(waited));
    }
  });

  test("quotes its evidence, with times from the first fact of the case", () => {
    const late = halfClosed().map((fact) => ({ ...fact, at: (fact.at + 5e9) as typeof fact.at }));
    const verdict = judgeCase(tried(late), (seen) => [
      claimed("the server is in CLOSE-WAIT", inState(seen, "half-closed", "server", "CLOSE-WAIT")),
    ]);
    expect(verdict).toMatchObject({
      answer: "holds",
      checks: [
        {
          what: "the server is in CLOSE-WAIT",
          answer: "yes",
          evidence: [
            '+14.030 ms server CLOSE-WAIT at "half-closed"  CLOSE-WAIT 0 0 10.77.0.2:20001 10.77.0.1:40000 sk:server-1',
          ],
        },
      ],
    });
  });

  test("is given its facts in order of time", () => {
    const question: Question = (seen) => [
      claimed("call comes first", { answer: seen.facts[0]?.kind === "call", evidence: [] }),
    ];
    expect(judgeCase(tried([state(2, "client", "SYN-SENT"), call(1, "client", "connect")]), question)).toMatchObject({
      answer: "holds",
    });
  });
});

describe("a case that was not tried", () => {
  test("is untestable and names what is missing", () => {
    const outcome: CaseOutcome = { kind: "untestable", case: "with loss", missing: "needs nft" };
    expect(judgeCase(outcome, () => [one("statement", true)])).toEqual({
      case: "with loss",
      answer: "untestable",
      reason: "needs nft",
      checks: [],
    });
  });
});

describe("a broken case", () => {
  const broken = (judged: ReturnType<typeof judgeCase>) => {
    expect(isBrokenCase(judged)).toBe(true);
    return expect(judged);
  };

  test("is what the harness broke", () => {
    const outcome: CaseOutcome = {
      kind: "broken",
      case: "with loss",
      code: "FINWAIT_AGENT_EXITED",
      message: "Agent died.",
      facts: [],
      durationMs: 1,
    };
    broken(judgeCase(outcome, () => [])).toEqual({
      case: "with loss",
      code: "FINWAIT_AGENT_EXITED",
      message: "Agent died.",
    });
  });

  test("is one whose question throws, never a verdict", () => {
    const throwing: Question = () => {
      throw new TypeError("facts is not iterable");
    };
    broken(judgeCase(tried(halfClosed()), throwing)).toMatchObject({
      code: "FINWAIT_QUESTION_FAILED",
      message: expect.stringContaining("TypeError: facts is not iterable"),
    });
    const refusing: Question = () => {
      throw new FinwaitError("FINWAIT_PROTOCOL", "no such answer");
    };
    broken(judgeCase(tried([]), refusing)).toMatchObject({ code: "FINWAIT_PROTOCOL", message: "no such answer" });
  });

  test("is one whose readings contradict the state diagram, before any question is asked", () => {
    const facts = [state(1, "client", "FIN-WAIT-2"), state(2, "client", "ESTABLISHED")];
    let asked = false;
    const judged = judgeCase(tried(facts), () => {
      asked = true;
      return [];
    });
    broken(judged).toMatchObject({ code: "FINWAIT_IMPOSSIBLE_TRANSITION" });
    expect(asked).toBe(false);
  });
});
