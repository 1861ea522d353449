import { judgeCase } from "../../../src/judge/case.ts";
import { judgeClaim } from "../../../src/judge/claim.ts";
import { allOf } from "../../../src/judge/observation.ts";
import { claimed, given, type Question } from "../../../src/judge/question.ts";
import { inState, passedThrough } from "../../../src/judge/states.ts";
import { sawBefore } from "../../../src/judge/times.ts";
import type { CaseData, ClaimData } from "../../../src/model/claim.ts";
import type { Fact } from "../../../src/model/fact.ts";
import type { Run, TriedClaim } from "../../../src/model/run.ts";
import { type CaseOutcome, isBrokenCase } from "../../../src/model/verdict.ts";
import { eventsOf, firstIn } from "../../../src/timeline/query.ts";
import { closed, closedThroughLoss, halfClosed, missed, state } from "../timeline/facts.ts";

const rfc = {
  title: "RFC 9293",
  section: "§3.6 Closing a Connection",
  url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.6",
};

export const caseOf = (name: string, more: Partial<CaseData> = {}): CaseData => ({
  name,
  needs: {},
  timerMs: 0,
  ...more,
});

export const tried = (name: string, facts: readonly Fact[]): CaseOutcome => ({
  kind: "tried",
  case: name,
  facts,
  durationMs: 41.5,
});

/** A claim with what happened and what was asked of it. */
interface Put extends TriedClaim {
  readonly question: Question;
}

const halfOpen: Question = (t) => [
  given(
    "the connection was established",
    allOf(inState(t, "open", "client", "ESTABLISHED"), inState(t, "open", "server", "ESTABLISHED")),
  ),
  claimed("the side that closed is in FIN-WAIT-2", inState(t, "half-closed", "client", "FIN-WAIT-2")),
  claimed("the side that did not is in CLOSE-WAIT", inState(t, "half-closed", "server", "CLOSE-WAIT")),
];

const confirmed: Put = {
  claim: {
    address: "half-close/two-states",
    statement: {
      en: "On a half-closed connection one side is in FIN-WAIT-2 and the other is in CLOSE-WAIT.",
      zh: "半关闭的连接中，先关闭的一端处于 FIN-WAIT-2，另一端处于 CLOSE-WAIT。",
    },
    sources: [rfc, { title: "Notes N0", section: "3" }],
    cases: [
      caseOf("the client half-closes with end()"),
      caseOf("over IPv6", { needs: { hosts: ["client", "server"] } }),
    ],
  },
  outcomes: [
    tried("the client half-closes with end()", halfClosed()),
    { kind: "untestable", case: "over IPv6", missing: "the machine has no IPv6" },
  ],
  question: halfOpen,
};

const refuted: Put = {
  claim: {
    address: "close/passive-ends-first",
    statement: {
      en: "The side that closes second is CLOSED before the side that closed first.",
      zh: "后关闭的一端先进入 CLOSED。",
    },
    sources: [rfc],
    cases: [caseOf("the server's FIN arrives late"), caseOf("the server answers at once")],
  },
  outcomes: [
    tried("the server's FIN arrives late", closedThroughLoss()),
    tried("the server answers at once", closed()),
  ],
  question: (t) => [
    given("the client closed first", passedThrough(t, "client", ["FIN-WAIT-2"])),
    claimed(
      "the server is CLOSED before the client sees its end",
      sawBefore(firstIn(t, "server", "CLOSED"), eventsOf(t, "client", "end")[0]),
    ),
  ],
};

const conditional: Put = {
  claim: {
    address: "half-close/fin-wait-2-timeout",
    statement: {
      en: "A FIN-WAIT-2 whose peer never sends its FIN ends after tcp_fin_timeout.",
      zh: "如果对端一直不发送 FIN，FIN-WAIT-2 会在 tcp_fin_timeout 之后结束。",
    },
    sources: [{ title: "Linux ip-sysctl", section: "tcp_fin_timeout" }, rfc],
    cases: [
      caseOf("the client half-closes with end() and keeps the socket open to read what the server may still send"),
      caseOf("the client closes with destroy()", { timerMs: 3000, needs: { sysctls: { "ipv4.tcp_fin_timeout": 3 } } }),
    ],
  },
  outcomes: [
    tried("the client half-closes with end() and keeps the socket open to read what the server may still send", [
      ...halfClosed(),
      state(5014, "client", "FIN-WAIT-2", { label: "after", uncertaintyMs: 1 }),
    ]),
    tried("the client closes with destroy()", [
      ...halfClosed(),
      state(3100, "client", "CLOSED", { label: "after", uncertaintyMs: 1 }),
    ]),
  ],
  question: (t) => [
    given("the client was in FIN-WAIT-2", inState(t, "half-closed", "client", "FIN-WAIT-2")),
    claimed("it is gone after the timeout", inState(t, "after", "client", "CLOSED")),
  ],
};

const inconclusive: Put = {
  claim: {
    address: "close/passive-path",
    statement: {
      en: "The side that closes second runs through CLOSE-WAIT and LAST-ACK.",
      zh: "被动关闭的一端依次经过 CLOSE-WAIT 和 LAST-ACK。",
    },
    sources: [rfc],
    cases: [caseOf("its FIN is lost")],
  },
  outcomes: [
    tried("its FIN is lost", [...halfClosed(), missed(5020, "server in LAST-ACK", "CLOSE-WAIT 0 0 10.77.0.2:20001")]),
  ],
  question: (t) => [claimed("both states were read", passedThrough(t, "server", ["CLOSE-WAIT", "LAST-ACK"]))],
};

const untestable: Put = {
  claim: {
    address: "loss/first-fin",
    statement: { en: "A FIN that is lost is sent again.", zh: "丢失的 FIN 会被重传。" },
    sources: [rfc],
    cases: [caseOf("once")],
  },
  outcomes: [{ kind: "untestable", case: "once", missing: "needs nft, and this machine has none" }],
  question: () => [],
};

const broken: Put = {
  claim: {
    address: "reset/no-time-wait",
    statement: { en: "After a RST neither side waits in TIME-WAIT.", zh: "收到 RST 之后，双方都不进入 TIME-WAIT。" },
    sources: [rfc],
    cases: [caseOf("the client resets")],
  },
  outcomes: [
    {
      kind: "broken",
      case: "the client resets",
      code: "FINWAIT_AGENT_EXITED",
      message:
        'Agent on host "server" exited with code 137 before answering "listen". Run with --keep to look inside. \u001b[31m<red>\u001b[0m',
      facts: [state(1, "client", "SYN-SENT")],
      durationMs: 3,
    },
  ],
  question: () => [],
};

export function runOf(...puts: readonly Put[]): Run {
  const verdicts = puts.map(({ claim, outcomes, question }) => {
    const judged = outcomes.map((outcome) => judgeCase(outcome, question));
    const cases = judged.flatMap((one) => (isBrokenCase(one) ? [] : [one]));
    return judgeClaim(claim, cases, judged.filter(isBrokenCase));
  });
  return {
    format: 2,
    header: {
      finwait: "0.1.0",
      startedAt: "2026-07-01T08:30:00.000Z",
      driver: "netns",
      machine: { kernel: "6.18.5", arch: "x64", node: "v24.21.0", iproute2: "6.1.0", cores: "2" },
      addresses: puts.map(({ claim }) => claim.address),
    },
    claims: puts.map(({ claim, outcomes }) => ({ claim, outcomes })),
    verdicts,
    durationMs: 5310,
  };
}

export const puts = { confirmed, refuted, conditional, inconclusive, untestable, broken };

/** One claim of each verdict. */
export const sampleRun = (): Run => runOf(...Object.values(puts));

/** A claim of the sample run with its verdict. */
export function pick(run: Run, address: string) {
  const claim = run.claims.find((one) => one.claim.address === address);
  const verdict = run.verdicts.find((one) => one.address === address);
  if (claim === undefined || verdict === undefined) throw new Error(`the sample has no ${address}`);
  return { claim: claim.claim as ClaimData, outcomes: claim.outcomes, verdict };
}
