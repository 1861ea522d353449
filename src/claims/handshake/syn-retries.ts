import type { Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { onWire } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import { eventsOf, measureOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { isSyn, sentBy } from "../../timeline/wire.ts";
import { sides } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc1122, rfc9293 } from "../sources.ts";

export const synRetries: Claim = {
  address: "handshake/syn-retries",
  statement: {
    en: "A SYN that nobody answers is sent again, after ever longer waits, as often as net.ipv4.tcp_syn_retries says; then the attempt is given up.",
    zh: "无人应答的 SYN 会被重发，间隔越来越长，次数由 net.ipv4.tcp_syn_retries 决定，之后放弃连接。",
  },
  sources: [
    ...notes("N0", "N4"),
    rfc9293("3.8.1"),
    rfc9293("3.8.3"),
    rfc1122("4.2.3.5"),
    manual("tcp(7)", "tcp_syn_retries"),
    ipSysctl("tcp_syn_retries"),
    ipSysctl("tcp_syn_linear_timeouts"),
  ],
  cases: [
    {
      name: "the first SYN is lost, the second arrives",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("SYN", { to: listener, times: 1 });
        const client = await lab.attempt(listener);
        await lost.catches();
        await client.saw(["connect", "error"]);
        await lab.reading("after");
      },
      question: (t) => [
        given(
          "the first SYN did not arrive",
          caught(t, (count) => count === 1),
        ),
        claimed("it is sent again and opens the connection", sawEvent(t, "client", "connect", { by: "after" })),
      ],
    },
    {
      name: "every SYN is lost, net.ipv4.tcp_syn_retries 6 → 1",
      needs: { sysctls: { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_synack_retries": 1 }, capture: true },
      timerMs: 3_000,
      experiment: neverAnswered,
      question: sentAgainThenGivenUp,
    },
    {
      name: "every SYN is lost, net.ipv4.tcp_syn_retries 6 → 1 and tcp_syn_linear_timeouts 4 → 0",
      needs: { sysctls: { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_syn_linear_timeouts": 0 }, capture: true },
      timerMs: 3_000,
      experiment: neverAnswered,
      question: sentAgainThenGivenUp,
    },
  ],
};

async function neverAnswered(lab: Session): Promise<void> {
  await lab.sysctl("net.ipv4.tcp_syn_retries", { host: "client", label: "set" });
  const listener = await lab.listen();
  await using lost = await lab.lose("SYN", { to: listener });
  const client = await lab.attempt(listener);
  await client.saw(["error", "connect"], { within: 30_000 });
  await lab.reading("after");
  await lost.lift();
}

function sentAgainThenGivenUp(t: Timeline): readonly Check[] {
  const timedOut = { where: (detail: { readonly code?: unknown }) => detail.code === "ETIMEDOUT", by: "after" };
  return [
    given(
      "the setting is as stated",
      measured(t, { name: "net.ipv4.tcp_syn_retries", label: "set" }, (n) => n === 1),
    ),
    claimed("it is sent again", sentAgain(t)),
    claimed("each wait is longer than the one before", everLonger(t)),
    claimed("as often as the setting says", resentAsSet(t)),
    claimed("the attempt is given up with ETIMEDOUT", sawEvent(t, "client", "error", timedOut)),
  ];
}

function sentAgain(t: Timeline): Observation {
  return onWire(t, sides, (segments) => {
    const syns = sentBy(segments, "client").filter(isSyn);
    return { answer: syns.length > 1, shown: syns };
  });
}

/** A timer fires late on a busy machine, and never early. */
const isLonger = (wait: number, before: number): boolean => wait > 1.25 * before;

/** From each SYN to the next, and from the last until the attempt is given up. */
function everLonger(t: Timeline): Observation {
  const [end] = eventsOf(t, "client", "error");
  const seen = onWire(t, sides, (segments) => {
    const syns = sentBy(segments, "client").filter(isSyn);
    const times = [...syns.map(({ fact }) => fact.at), ...(end === undefined ? [] : [end.at])];
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? at));
    const answer = waits.slice(1).every((wait, index) => isLonger(wait, waits[index] ?? wait));
    return { answer: waits.length < 2 ? undefined : answer, shown: syns };
  });
  return { ...seen, evidence: [...seen.evidence, ...(end === undefined ? [] : [end])] };
}

/** The server's ingress lost the first SYN and all its repetitions. */
function resentAsSet(t: Timeline): Observation {
  const setting = measureOf(t, "net.ipv4.tcp_syn_retries", "set");
  const lost = caught(t, (count) => count - 1 === setting?.value);
  if (setting === undefined) return { answer: undefined, evidence: lost.evidence };
  return { ...lost, evidence: [setting, ...lost.evidence] };
}
