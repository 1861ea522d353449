import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { openAndClose } from "../../lab/crowd.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { countTimeWaits, timeWaits } from "./counted.ts";
import { fewPorts, portCount } from "./few-ports.ts";

export const exhaustsPorts: Claim = {
  address: "time-wait/exhausts-ports",
  statement: {
    en: "Connections in TIME-WAIT use up the client's ports, and then it cannot connect until they are over.",
    zh: "处于 TIME-WAIT 的连接会占光客户端的端口，在它们结束之前客户端无法再建立连接。",
  },
  sources: [
    ...notes("N1", "N3"),
    manual("connect(2)", "EADDRNOTAVAIL"),
    manual("ip(7)", "ip_local_port_range, IP_BIND_ADDRESS_NO_PORT"),
    ipSysctl("ip_local_port_range"),
    ipSysctl("tcp_tw_reuse"),
  ],
  cases: [
    {
      name: `one more to the same server, after ${portCount} that the client closed from its ${portCount} ports`,
      needs: fewPorts(40_000),
      async experiment(lab) {
        const listener = await useUp(lab);
        await openAndClose(lab, listener, "next", { name: "newcomer", count: 1 });
      },
      question: (t) => [...usedUp(t), ...cannotConnect(t)],
    },
    {
      name: "one more to another port of that server",
      needs: fewPorts(40_000),
      async experiment(lab) {
        await useUp(lab);
        const other = await lab.listen({ quiet: true });
        await openAndClose(lab, other, "next", { name: "newcomer", count: 1 });
      },
      question: (t) => [...usedUp(t), ...cannotConnect(t)],
    },
    {
      name: "one more to another port of that server, from a client that binds its address before it connects",
      needs: fewPorts(41_000),
      async experiment(lab) {
        await useUp(lab, { bindsAddress: true });
        const other = await lab.listen({ quiet: true });
        await openAndClose(lab, other, "next", { name: "newcomer", count: 1, bindsAddress: true });
      },
      question: (t) => [...usedUp(t), ...cannotConnect(t)],
    },
    {
      name: `one more to the same server, after ${4 * portCount} that the server closed`,
      needs: fewPorts(40_000),
      async experiment(lab) {
        const listener = await lab.listen({ quiet: true, endsFirst: true });
        await openAndClose(lab, listener, "all", { count: 4 * portCount, closing: "peer" });
        await countTimeWaits(lab, listener, "waiting");
        await openAndClose(lab, listener, "next", { name: "newcomer", count: 1, closing: "peer" });
      },
      question: (t) => [
        given(
          "the TIME-WAITs are the server's",
          timeWaits(t, "waiting", "server", (count) => count > 0),
        ),
        ...cannotConnect(t),
      ],
    },
    {
      name: "one more to the same server, with tcp_tw_reuse = 1, two seconds later",
      needs: fewPorts(40_000, { "net.ipv4.tcp_tw_reuse": 1 }),
      timerMs: 2_000,
      async experiment(lab) {
        const listener = await useUp(lab);
        await lab.elapse(2_000, "a port may be used again when its TIME-WAIT is a second old");
        await openAndClose(lab, listener, "next", { name: "newcomer", count: 1 });
      },
      question: (t) => [
        // A slow client may have begun to use them again by then.
        given(
          `the client has opened ${portCount}`,
          measured(t, { name: "crowd: connections", label: "all" }, (count) => count === portCount),
        ),
        given(
          "they are in TIME-WAIT",
          timeWaits(t, "waiting", "client", (count) => count > 0),
        ),
        ...cannotConnect(t),
      ],
    },
  ],
};

/** Has the client close as many connections as it has ports. */
async function useUp(lab: Session, options: { readonly bindsAddress?: boolean } = {}) {
  const listener = await lab.listen({ quiet: true });
  await openAndClose(lab, listener, "all", { count: portCount, ...options });
  await countTimeWaits(lab, listener, "waiting");
  return listener;
}

function usedUp(t: Timeline): readonly Check[] {
  return [
    given(
      `${portCount} of the client's are in TIME-WAIT`,
      timeWaits(t, "waiting", "client", (count) => count === portCount),
    ),
  ];
}

function cannotConnect(t: Timeline): readonly Check[] {
  return [
    claimed(
      "it is not opened",
      measured(t, { name: "newcomer: connections", label: "next" }, (count) => count === 0),
    ),
    claimed(
      "its program is told that there is no port",
      sawEvent(t, "newcomer", "error", { where: isNoPort, by: "next" }),
    ),
  ];
}

/** connect() finds no port, or bind() does. */
const isNoPort = ({ code }: { readonly code?: unknown }) => code === "EADDRNOTAVAIL" || code === "EADDRINUSE";
