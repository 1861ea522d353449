import type { Case, Claim } from "../../experiment/claim.ts";
import { compared } from "../../judge/measures.ts";
import { anyOf, not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, timerAt } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Needs } from "../../model/claim.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import type { Side } from "../shared/sides.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { type Closing, closeBoth, closeHalf, closeOther } from "./closing.ts";

const half = "one side has closed";
const begins = "both sides have closed";
const later = "later";

/** Ten seconds before the end of a TIME-WAIT that nothing shortens. */
const waitMs = 50_000;
const because = "most of TIME-WAIT's 60 s";

/** What the statement says of every parameter: with it, TIME-WAIT is gone before its minute is. */
function isShorter(t: Timeline, endpoint: EndpointName): Check {
  return claimed(`by then the ${endpoint} has no TIME-WAIT`, not(inState(t, later, endpoint, "TIME-WAIT")));
}

function leftAlone(
  name: string,
  needs: Needs,
  closing: Closing,
  meanwhile: (lab: Session) => Promise<unknown> = async () => {},
): Case {
  return {
    name,
    needs,
    timerMs: waitMs,
    async experiment(lab) {
      await closeBoth(lab, closing);
      await lab.reading(begins);
      await meanwhile(lab);
      await lab.elapse(waitMs, because);
      await lab.reading(later);
    },
    question: (t) => [
      given(`the ${closing.active} was in TIME-WAIT`, inState(t, begins, closing.active, "TIME-WAIT")),
      isShorter(t, closing.active),
    ],
  };
}

/** ss calls the timer of an orphan in FIN-WAIT-2 "timewait" too, and that is the one which tcp_fin_timeout sets. */
const orphan: Case = {
  name: "tcp_fin_timeout 60 → 10 s, the client's FIN-WAIT-2 orphaned by destroy()",
  needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 10 } },
  timerMs: waitMs,
  async experiment(lab) {
    const sides = await closeHalf(lab, { active: "client", way: "destroy" });
    await lab.reading(half);
    await closeOther(sides);
    await lab.reading(begins);
    await lab.elapse(waitMs, because);
    await lab.reading(later);
  },
  question: (t) => [
    given("the client was in FIN-WAIT-2", inState(t, half, "client", "FIN-WAIT-2")),
    given(
      'with a timer of about 10 s, which ss calls "timewait"',
      timerAt(t, half, "client", (timer) => timer?.name === "timewait" && timer.remainingMs <= 12_000),
    ),
    given("then in TIME-WAIT", inState(t, begins, "client", "TIME-WAIT")),
    isShorter(t, "client"),
  ],
};

const overflow = { name: "TcpExtTCPTimeWaitOverflow" } as const;

/** A TIME-WAIT too many is none: the kernel closes the socket at once, and counts it. */
function noBucketLeft(name: string, allowed: 0 | 1, side: Side): Case {
  const closer = allowed === 0 ? side : `${side}-2`;
  return {
    name,
    needs: { exclusive: true, sysctls: { "net.ipv4.tcp_max_tw_buckets": allowed } },
    async experiment(lab) {
      if (allowed === 1) await closeBoth(lab, { active: side });
      const sides = await closeHalf(lab, { active: side });
      await lab.counter(overflow.name, half, { host: side });
      await lab.reading(half);
      await closeOther(sides);
      await lab.counter(overflow.name, later, { host: side });
      await lab.reading(later);
    },
    question: (t) => [
      given(`the ${closer} was in FIN-WAIT-2`, inState(t, half, closer, "FIN-WAIT-2")),
      ...(allowed === 1 ? [given("one TIME-WAIT is there", inState(t, later, side, "TIME-WAIT"))] : []),
      given(
        "the kernel has counted one too many",
        compared(t, { ...overflow, label: half }, { ...overflow, label: later }, (one, other) => other > one),
      ),
      isShorter(t, closer),
    ],
  };
}

/** Below those that labs give to clients. */
const onePort = 9_999;

const reused: Case = {
  name: "tcp_tw_reuse 2 → 1, and the client's next connection needs the port",
  needs: {
    sysctls: { "net.ipv4.tcp_tw_reuse": 1, "net.ipv4.ip_local_port_range": `${onePort} ${onePort}` },
  },
  timerMs: 2_500,
  async experiment(lab) {
    const port = { localPort: onePort, bindsPort: false };
    const { client, server, listener } = await lab.connect({
      client: { ...port, allowHalfOpen: true },
      server: { allowHalfOpen: true },
    });
    await client.end();
    await server.saw("end");
    await closeOther({ active: client, passive: server });
    await lab.reading(begins);
    await lab.elapse(2_500, "tcp_tw_reuse spares a TIME-WAIT in its first second");
    const next = await lab.attempt(listener, port);
    await next.saw(["connect", "error"]);
    await lab.reading(later);
  },
  question: (t) => [
    given("the client was in TIME-WAIT", inState(t, begins, "client", "TIME-WAIT")),
    given(
      "its next connection has been tried",
      anyOf(sawEvent(t, "client-2", "connect"), sawEvent(t, "client-2", "error")),
    ),
    isShorter(t, "client"),
  ],
};

const finTimeout = { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } };
const reuse = { sysctls: { "net.ipv4.tcp_tw_reuse": 1 } };

export const tunable: Claim = {
  address: "time-wait/tunable",
  statement: {
    en: "Parameters of the server can make TIME-WAIT shorter.",
    zh: "调整服务器的内核参数可以缩短 TIME-WAIT。",
  },
  sources: [
    ...notes("N0", "N3"),
    ipSysctl("tcp_fin_timeout"),
    ipSysctl("tcp_max_tw_buckets"),
    ipSysctl("tcp_tw_reuse"),
    manual("tcp(7)", "tcp_tw_recycle, removed in Linux 4.12"),
  ],
  cases: [
    leftAlone("tcp_fin_timeout 60 → 1 s, the server closes first", finTimeout, { active: "server" }),
    leftAlone("tcp_fin_timeout 60 → 1 s, the client closes first", finTimeout, { active: "client" }),
    orphan,
    leftAlone("tcp_tw_reuse 2 → 1, the client waits and needs nothing", reuse, { active: "client" }),
    leftAlone("tcp_tw_reuse 2 → 1, the server waits and clients come", reuse, { active: "server" }, (lab) =>
      lab.connect(),
    ),
    reused,
    noBucketLeft("tcp_max_tw_buckets lowered to 0, the server closes first", 0, "server"),
    noBucketLeft("tcp_max_tw_buckets lowered to 0, the client closes first", 0, "client"),
    noBucketLeft("tcp_max_tw_buckets lowered to 1, the client's second connection", 1, "client"),
  ],
};
