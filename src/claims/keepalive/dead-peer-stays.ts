import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState, timerAt } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import type { DialOptions, Pair } from "../../lab/session-options.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { fewRetries } from "../shared/few-retries.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";

const open = "open";
const gone = "the peer is gone";
const later = "later";

interface Plan {
  readonly survivor?: Side;
  readonly client?: DialOptions;
  readonly needs?: Case["needs"];
  readonly timerMs: number;
  /** While both are there. */
  readonly before?: (survivor: Endpoint) => Promise<void>;
  /** Whether the peer's host is reached again afterwards; its kernel has never heard of the connection. */
  readonly isBack?: boolean;
  /** Once the peer is gone. */
  readonly after: (lab: Session, survivor: Endpoint) => Promise<void>;
  readonly question: (t: Timeline, survivor: Side) => readonly Check[];
}

/** A peer vanishes without a word: the link is cut, and what its kernel has to say is lost. */
function vanishes(name: string, plan: Plan): Case {
  const { survivor: side = "server", client = {}, needs = {}, timerMs, before, isBack = false, after, question } = plan;
  const peer = otherSide(side);
  return {
    name,
    needs,
    timerMs,
    async experiment(lab) {
      const pair: Pair = await lab.connect({ client });
      const survivor = pair[side];
      await before?.(survivor);
      await lab.reading(open);
      await using link = await lab.cut(survivor);
      await pair[peer].resetAndDestroy();
      await link.catches();
      await lab.reading(gone);
      if (isBack) await link.lift();
      await after(lab, survivor);
      await lab.reading(later);
    },
    question: (t) => [
      given(`the ${side} has its connection`, inState(t, open, side, "ESTABLISHED")),
      given(`the ${peer} is gone`, inState(t, gone, peer, "CLOSED")),
      ...question(t, side),
    ],
  };
}

function neverNoticed(t: Timeline, side: Side): readonly Check[] {
  return [
    claimed(`the ${side} takes the connection for open`, inState(t, later, side, "ESTABLISHED")),
    claimed(`its runtime has heard of no error`, sawNoEvent(t, side, "error", { until: later })),
    claimed(`nor of an end`, sawNoEvent(t, side, "end", { until: later })),
  ];
}

/** Without a timer nothing will ever look: what is so now is so for ever. */
function norEver(t: Timeline, side: Side): readonly Check[] {
  const none = timerAt(t, later, side, (timer) => timer === undefined);
  return [...neverNoticed(t, side), claimed("its kernel has no timer set that could notice", none)];
}

function noticed(t: Timeline, side: Side): readonly Check[] {
  return [
    claimed(`the ${side} has no connection any more`, inState(t, later, side, "CLOSED")),
    claimed("its runtime is told", sawEvent(t, side, "error", { by: later })),
  ];
}

const stays: Pick<Plan, "timerMs" | "after" | "question"> = {
  timerMs: 3_000,
  after: async (lab) => await lab.elapse(3_000, "both are silent"),
  question: norEver,
};

const sends: Pick<Plan, "after" | "question"> = {
  async after(_lab, survivor) {
    await survivor.write(1_000);
    await orLate(survivor.saw(["error", "close"], { within: 15_000 }));
  },
  question: neverNoticed,
};

const probes: Pick<Plan, "before" | "after"> = {
  before: (survivor) => survivor.setKeepAlive(true, 1_000),
  after: async (_lab, survivor) => void (await orLate(survivor.saw(["error", "close"], { within: 30_000 }))),
};

/** Larger than what both kernels buffer. */
const muchMoreThanFits = 16 * 1024 * 1024;

const processKilled: Case = {
  name: "no keep-alive, and only the client's process is gone: its host lives",
  async experiment(lab) {
    const process = await lab.process({ host: "client" });
    const { server } = await lab.connect({ client: { process } });
    await process.kill();
    await orLate(server.saw(["end", "error", "close"]));
    await lab.reading(later);
  },
  question: (t) => [
    given("the server's runtime had its connection", sawEvent(t, "client", "connect")),
    ...neverNoticed(t, "server"),
  ],
};

export const deadPeerStays: Claim = {
  address: "keepalive/dead-peer-stays",
  statement: {
    en: "Without keep-alive, a peer that has vanished is never noticed; with it, it is.",
    zh: "没有保活机制，对端消失后永远不会被发现；有了保活机制，就会被发现。",
  },
  sources: [
    ...notes("N0", "N2"),
    rfc9293("3.8.4"),
    rfc9293("3.8.3"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_retries2"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [
    vanishes("no keep-alive, the client vanishes, the server is silent", stays),
    vanishes("no keep-alive, the server vanishes, the client is silent", { ...stays, survivor: "client" }),
    vanishes("no keep-alive, the client vanishes and its host comes back, the server is silent", {
      ...stays,
      isBack: true,
    }),
    vanishes(
      "no keep-alive, the client vanishes, then the server sends (tcp_retries2 15 → 2, at least 924.6 → 1.4 s)",
      {
        ...sends,
        needs: fewRetries,
        timerMs: 3_500,
      },
    ),
    vanishes("no keep-alive, the client vanishes and its host comes back, then the server sends", {
      ...sends,
      isBack: true,
      timerMs: 0,
    }),
    vanishes("no keep-alive, the client vanishes while the server's data waits for its window (tcp_retries2 15 → 2)", {
      ...sends,
      client: { pauseOnConnect: true, reading: "none" },
      needs: fewRetries,
      timerMs: 6_000,
      async before(server) {
        await server.write(muchMoreThanFits);
        await server.shows("a closed window", ({ row }) => row?.timer?.name === "persist");
      },
      after: async (_lab, server) => void (await orLate(server.saw(["error", "close"], { within: 30_000 }))),
    }),
    processKilled,
    vanishes("keep-alive set, setKeepAlive(true, 1000), the client vanishes, the server is silent", {
      ...probes,
      timerMs: 11_500,
      question: noticed,
    }),
    vanishes("keep-alive set, setKeepAlive(true, 1000), the client vanishes and its host comes back", {
      ...probes,
      isBack: true,
      timerMs: 1_200,
      question: noticed,
    }),
  ],
};
