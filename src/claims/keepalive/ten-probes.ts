import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Needs } from "../../model/claim.ts";
import { caught } from "../loss/caught.ts";
import { ipSysctl, manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";
import { hasProbed, keepAliveAt } from "./probing.ts";
import { keepAliveProbes, soonAndFast } from "./sysctls.ts";

const silent = "nobody answers";
const over = "over";

interface Plan {
  readonly side?: "client" | "server";
  readonly needs?: Needs;
  readonly act: (endpoint: Endpoint) => Promise<void>;
}

/** Only the probes are lost: what the side says when it gives up is no probe, and is not counted with them. */
function noAnswer(name: string, { side = "client", needs = {}, act }: Plan): Case {
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
      claimed(
        "the runtime says ETIMEDOUT",
        sawEvent(t, side, "error", { where: (detail) => detail.code === "ETIMEDOUT", by: over }),
      ),
    ],
  };
}

export const tenProbes: Claim = {
  address: "keepalive/ten-probes",
  statement: {
    en: "After ten keep-alive probes in a row without an answer the connection is closed.",
    zh: "连续十个保活探测报文段都没有应答，连接就被关闭。",
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
      { needs: soonAndFast, act: (client) => client.setKeepAlive(true) },
    ),
    noAnswer(
      "the client calls setKeepAlive(true), tcp_keepalive_probes 9 → 10 (tcp_keepalive_time 7200 → 3 s, _intvl 75 → 1 s)",
      {
        needs: { sysctls: { ...soonAndFast.sysctls, [keepAliveProbes]: 10 } },
        act: (client) => client.setKeepAlive(true),
      },
    ),
    noAnswer("the client calls setKeepAlive(true, 1000): Node's own count and interval, in all 11 s", {
      act: (client) => client.setKeepAlive(true, 1_000),
    }),
    noAnswer("the server calls setKeepAlive(true, 1000): Node's own count and interval, in all 11 s", {
      side: "server",
      act: (server) => server.setKeepAlive(true, 1_000),
    }),
  ],
};
