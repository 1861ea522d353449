import type { Case, Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { elapsedBetween } from "../../judge/times.ts";
import { onWire, type WireFinding } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Needs } from "../../model/claim.ts";
import { callsOf, firstIn } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, type WireSegment } from "../../timeline/wire.ts";
import { fewRetries } from "../shared/few-retries.ts";
import { closes, connectSides, otherSide, type Side, type WayToClose } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc1122, rfc9293 } from "../sources.ts";

const lost = "the FIN is lost";
const over = "the closer has given up";
const later = "the way is free again";

interface Plan {
  readonly closer: Side;
  readonly way: WayToClose;
  readonly needs: Needs;
  /** The sysctl that counts the retries, and its value. */
  readonly retries: readonly [name: string, value: number];
  /**
   * How long that many retries last as ip-sysctl reckons: each wait twice the one before, from 0.2 s up to
   * tcp_rto_max_ms. The sysctl stands for this time rather than for a count.
   */
  readonly lastMs: number;
  /** What the peer does beside waiting. */
  readonly before?: (peer: Endpoint) => Promise<void>;
  readonly after?: (peer: Endpoint) => Promise<void>;
}

function neverComes(name: string, plan: Plan): Case {
  const { closer, way, needs, retries, lastMs, before, after } = plan;
  const peer = otherSide(closer);
  const [sysctl, value] = retries;
  return {
    name,
    needs: { ...needs, capture: true },
    timerMs: lastMs + 2_000,
    async experiment(lab) {
      await lab.sysctl(sysctl, { host: closer, label: "set" });
      const { active, passive } = await connectSides(lab, closer);
      await before?.(passive);
      await using fin = await lab.lose("FIN", { from: active });
      await closes(active, way);
      await fin.catches();
      await lab.reading(lost);
      await orLate(active.reaches("CLOSED", { within: lastMs * 2.5 + 20_000 }));
      await lab.reading(over);
      await fin.lift();
      await after?.(passive);
      await lab.elapse(1_500, "nothing is in its way now: whoever wanted to tell the peer could");
      await lab.reading(later);
    },
    question: (t) => [
      given(
        `${sysctl} is ${value}`,
        measured(t, { name: sysctl, label: "set" }, (set) => set === value),
      ),
      given(
        `the ${closer} has sent its FIN, and it was lost`,
        caught(t, (count) => count > 0),
      ),
      claimed(
        "the FIN is sent again",
        caught(t, (count) => count > 1),
      ),
      claimed(
        "after ever longer waits",
        onWire(t, [closer, peer], (segments) => everLonger(segments, closer)),
      ),
      claimed(`the ${closer} gives up`, inState(t, over, closer, "CLOSED")),
      claimed(`it does not do so before ${lastMs / 1000} s are over`, gaveUpAfter(t, closer, way, lastMs)),
      ...(way === "end"
        ? [claimed("its runtime says ETIMEDOUT", sawEvent(t, closer, "error", { where: isTimeout, by: over }))]
        : []),
      claimed(`the ${peer} stays connected`, inState(t, later, peer, "ESTABLISHED")),
      claimed(`no error reaches the ${peer}`, sawNoEvent(t, peer, "error", { until: later })),
      claimed("nor does an end", sawNoEvent(t, peer, "end", { until: later })),
    ],
  };
}

const isTimeout = (detail: { readonly code?: unknown }) => detail.code === "ETIMEDOUT";

/**
 * The first two waits are alike, for a tail loss probe (RFC 8985 §7.2) comes before the first timeout, and so are all that
 * have grown to tcp_rto_max_ms. A timer can be late but hardly early: a late one makes its wait longer and may make the next
 * look shorter, so each is compared with the shortest before it, which no lateness can have made too long.
 */
function everLonger(segments: readonly WireSegment[], closer: Side): WireFinding {
  const fins = segments.filter((segment) => segment.from === closer && has(segment, "FIN"));
  const waits = fins.slice(1).map((fin, index) => fin.fact.at - (fins[index]?.fact.at ?? 0));
  if (waits.length === 0) return { answer: undefined, shown: fins };
  const noneShorter = waits.every((wait, index) => wait >= 0.9 * Math.min(...waits.slice(0, index + 1)));
  return { answer: noneShorter && Math.max(...waits) > 1.5 * Math.min(...waits), shown: fins };
}

/** The reckoned time is the least: the kernel gives up when the first wait after it ends, which can be as long again. */
function gaveUpAfter(t: Timeline, closer: Side, way: WayToClose, lastMs: number): Observation {
  const [closed] = callsOf(t, closer, `${way}()`);
  return elapsedBetween(closed, firstIn(t, closer, "CLOSED"), (ms) => ms >= lastMs);
}

const ends = {
  way: "end",
  needs: fewRetries,
  retries: ["net.ipv4.tcp_retries2", 2],
  lastMs: 1_400,
} as const;

const destroys = {
  way: "destroy",
  needs: fewRetries,
  retries: ["net.ipv4.tcp_orphan_retries", 2],
  lastMs: 1_400,
} as const;

export const firstFinForever: Claim = {
  address: "loss/first-fin-forever",
  statement: {
    en: "If the FIN never arrives, the closer sends it again, after ever longer waits, for as long as the sysctls allow, then gives up and is closed; the peer, which has heard nothing of it, stays connected.",
    zh: "如果 FIN 始终到不了对端，主动关闭的一方在系统参数允许的时间内一再重发，间隔越来越长，然后放弃并关闭；对端一无所知，连接一直保持。",
  },
  sources: [
    ...notes("N4"),
    rfc9293("3.8.3"),
    rfc1122("4.2.3.5"),
    manual("tcp(7)", "tcp_retries2, tcp_orphan_retries"),
    ipSysctl("tcp_retries2"),
    ipSysctl("tcp_orphan_retries"),
    ipSysctl("tcp_rto_max_ms"),
  ],
  cases: [
    neverComes("the client ends (tcp_retries2 15, tcp_rto_max_ms 120 → 1 s, at least 924.6 → 14.4 s)", {
      ...ends,
      closer: "client",
      needs: { sysctls: { "net.ipv4.tcp_rto_max_ms": 1_000 } },
      retries: ["net.ipv4.tcp_retries2", 15],
      lastMs: 14_400,
    }),
    neverComes("the client ends (tcp_retries2 15 → 2, at least 924.6 → 1.4 s)", { ...ends, closer: "client" }),
    neverComes("the server ends (tcp_retries2 15 → 2)", { ...ends, closer: "server" }),
    neverComes(
      "the client destroys its socket (tcp_orphan_retries 0, which is taken for 8, → 2, at least 102.2 → 1.4 s)",
      {
        ...destroys,
        closer: "client",
      },
    ),
    neverComes("the server destroys its socket (tcp_orphan_retries 0 → 2)", { ...destroys, closer: "server" }),
    neverComes("the client ends and gives up, then the server sends (tcp_retries2 15 → 2)", {
      ...ends,
      closer: "client",
      after: async (peer) => {
        await peer.write(1_000);
        await orLate(peer.saw(["error", "close"], { within: 3_000 }));
      },
    }),
    neverComes("the client destroys its socket, the server has keep-alive set (tcp_orphan_retries 0 → 2)", {
      ...destroys,
      closer: "client",
      before: (peer) => peer.setKeepAlive(true, 1_000),
      after: async (peer) => await orLate(peer.saw(["error", "close"], { within: 3_000 })),
    }),
  ],
};
