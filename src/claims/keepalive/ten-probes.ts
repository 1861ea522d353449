import type { Case, Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { elapsedBetween } from "../../judge/times.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Needs } from "../../model/claim.ts";
import { callsOf, eventsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";
import { hasProbed, keepAliveAt } from "./probing.ts";
import { keepAliveProbes, soonAndFast } from "./sysctls.ts";

const silent = "nobody answers";
const over = "over";

interface Plan {
  readonly side?: "client" | "server";
  readonly needs?: Needs;
  /** How long ten probes take in all, a second apart, from the last that the peer says: before the first comes the delay. */
  readonly tenTakeMs: number;
  readonly act: (endpoint: Endpoint) => Promise<void>;
}

/** Only the probes are lost: what the side says when it gives up is no probe, and is not counted with them. */
function noAnswer(name: string, { side = "client", needs = {}, tenTakeMs, act }: Plan): Case {
  return {
    name,
    needs,
    timerMs: 13_500,
    async experiment(lab) {
      const pair = await lab.connect();
      await using probes = await lab.lose("bare ACK", { from: pair[side] });
      await act(pair[side]);
      await hasProbed(pair[side], 1);
      await lab.reading(silent);
      await orLate(pair[side].reaches("CLOSED", { within: 30_000 }));
      await orLate(pair[side].saw(["error", "close"]));
      await lab.reading(over);
      await probes.lift();
    },
    question: (t) => [
      given(
        "a probe has no answer",
        keepAliveAt(t, silent, side, (timer) => timer.retransmits > 0),
      ),
      claimed(
        "ten probes are sent",
        caught(t, (count) => count === 10),
      ),
      claimed("then the connection is closed", inState(t, over, side, "CLOSED")),
      claimed(`that takes ${tenTakeMs / 1_000} s in all`, gaveUpAfter(t, side, tenTakeMs)),
      claimed(
        "the runtime says ETIMEDOUT",
        sawEvent(t, side, "error", { where: (detail) => detail.code === "ETIMEDOUT", by: over }),
      ),
    ],
  };
}

/**
 * Counted from the connect(), which no silence can have begun before, to the error. Eleven timers or more are never early,
 * but each up to an eighth late, by the steps of the kernel's timer wheel, and a busy machine is late to tell.
 */
function gaveUpAfter(t: Timeline, side: "client" | "server", leastMs: number): Observation {
  const [begun] = callsOf(t, "client", "connect()");
  const [told] = eventsOf(t, side, "error");
  const isSo = (elapsedMs: number) => elapsedMs >= leastMs - 100 && elapsedMs <= leastMs * 1.125 + 5_000;
  return elapsedBetween(begun, told, isSo);
}

export const tenProbes: Claim = {
  address: "keepalive/ten-probes",
  statement: {
    en: "After ten keep-alive probes in a row without an answer the connection is closed.",
    zh: "连续十个保活探测都得不到应答时，连接就会被关闭。",
  },
  sources: [
    ...notes("N0", "N2"),
    rfc9293("3.8.4"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_keepalive_probes"),
    manual("tcp(7)", "tcp_keepalive_probes"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [
    {
      name: "the sysctl as a fresh network namespace has it",
      async experiment(lab) {
        await lab.sysctl(keepAliveProbes);
      },
      question: (t) => [
        claimed(
          "tcp_keepalive_probes is 10",
          measured(t, { name: keepAliveProbes, label: "default" }, (value) => value === 10),
        ),
      ],
    },
    noAnswer(
      "the client calls setKeepAlive(true): the kernel's count (tcp_keepalive_time 7200 → 3 s, _intvl 75 → 1 s, in all 2 h 11 min → 12 s)",
      { needs: soonAndFast, tenTakeMs: 13_000, act: (client) => client.setKeepAlive(true) },
    ),
    noAnswer(
      "the client calls setKeepAlive(true), tcp_keepalive_probes 9 → 10 (tcp_keepalive_time 7200 → 3 s, _intvl 75 → 1 s, in all 2 h 12 min → 13 s)",
      {
        needs: { sysctls: { ...soonAndFast.sysctls, [keepAliveProbes]: 10 } },
        tenTakeMs: 13_000,
        act: (client) => client.setKeepAlive(true),
      },
    ),
    noAnswer("the client calls setKeepAlive(true, 1000): Node's own count and interval, in all 11 s", {
      tenTakeMs: 11_000,
      act: (client) => client.setKeepAlive(true, 1_000),
    }),
    noAnswer("the server calls setKeepAlive(true, 1000): Node's own count and interval, in all 11 s", {
      side: "server",
      tenTakeMs: 11_000,
      act: (server) => server.setKeepAlive(true, 1_000),
    }),
  ],
};
