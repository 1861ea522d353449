import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { onWire, type WireFinding } from "../../judge/wire.ts";
import { ms } from "../../model/time.ts";
import { arrived, type WireSegment } from "../../timeline/wire.ts";
import { ipSysctl, manual, nodeNet, notes, rfc9293 } from "../sources.ts";
import { everySeconds } from "./intervals.ts";
import { probesOf } from "./probing.ts";
import { soonAndFast } from "./sysctls.ts";

const later = "later";
const between = ["client", "server"] as const;

/** A probe that is answered is the last of its row: the next comes after another silence of tcp_keepalive_time. */
const answered: Case = {
  name: "the server answers each probe (setKeepAlive(true), tcp_keepalive_time 7200 → 3 s, tcp_keepalive_intvl 75 → 1 s)",
  needs: { ...soonAndFast, capture: true },
  timerMs: 8_000,
  async experiment(lab) {
    const { client } = await lab.connect();
    await client.setKeepAlive(true);
    await lab.elapse(8_000, "more than twice tcp_keepalive_time");
    await lab.reading(later);
  },
  question: (t) => [
    given("the connection is open", inState(t, later, "client", "ESTABLISHED")),
    given("two probes have come, and were answered", onWire(t, between, twoProbes)),
    claimed(
      "the second comes tcp_keepalive_intvl after the first, which is 1 s here",
      onWire(t, between, (segments) => secondAfter(segments, (gapMs) => gapMs > 900 && gapMs < 1_500)),
    ),
  ],
};

function twoProbes(segments: readonly WireSegment[]): WireFinding {
  const probes = probesOf(segments, "client").filter(arrived);
  return { answer: probes.length > 1, shown: probes };
}

function secondAfter(segments: readonly WireSegment[], isSo: (gapMs: number) => boolean): WireFinding {
  const [first, second] = probesOf(segments, "client");
  if (first === undefined || second === undefined) return { answer: undefined, shown: [] };
  return { answer: isSo(ms(second.fact.at - first.fact.at)), shown: [first, second] };
}

export const seventyFiveSeconds: Claim = {
  address: "keepalive/seventy-five-seconds",
  statement: {
    en: "After the first keep-alive probe, one is sent every 75 seconds.",
    zh: "第一个保活探测报文段之后，每隔 75 秒再发送一个。",
  },
  sources: [
    ...notes("N0"),
    rfc9293("3.8.4"),
    ipSysctl("tcp_keepalive_intvl"),
    manual("tcp(7)", "tcp_keepalive_intvl"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [...everySeconds(75, "75 s"), answered],
};
