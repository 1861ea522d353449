import type { Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes, rfc9293 } from "../sources.ts";
import { howMany } from "./how-many.ts";

export const synQueue: Claim = {
  address: "queues/syn-queue",
  statement: {
    en: "Half-open connections wait, in SYN-RECEIVED, in a SYN queue of their own until their third segment comes.",
    zh: "半连接以 SYN-RECEIVED 状态在单独的 SYN 队列（半连接队列）中等待第三个报文段。",
  },
  sources: [
    ...notes("N4"),
    rfc9293("3.5"),
    manual("listen(2)", "NOTES"),
    manual("ss(8)"),
    ipSysctl("tcp_max_syn_backlog"),
    ipSysctl("tcp_syncookies"),
  ],
  cases: [
    {
      name: "the third segments of three clients are lost",
      timerMs: 1_000,
      experiment: (lab) => threeHalfOpen(lab, "v4"),
      question: waitApart,
    },
    {
      name: "the same over IPv6",
      timerMs: 1_000,
      experiment: (lab) => threeHalfOpen(lab, "v6"),
      question: waitApart,
    },
    {
      name: "every SYN is answered by a cookie (net.ipv4.tcp_syncookies 1 → 2)",
      needs: { sysctls: { "net.ipv4.tcp_syncookies": 2 } },
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("handshake ACK", { to: listener });
        for (const name of clients) await lab.dial(listener, { name });
        await lost.catches(3);
        await lab.reading("held");
        await lost.lift();
      },
      question: (t) => halfOpen(t),
    },
  ],
};

const clients = ["client", "client-2", "client-3"] as const;
const servers = ["server", "server-2", "server-3"] as const;

async function threeHalfOpen(lab: Session, bind: "v4" | "v6"): Promise<void> {
  const listener = await lab.listen({ bind });
  await using lost = await lab.lose("handshake ACK", { to: listener });
  const dialled = [];
  for (const name of clients) dialled.push(await lab.dial(listener, { name }));
  await lost.catches(3);
  await lab.reading("held");
  await lost.lift();
  for (const client of dialled) await listener.endOf(client).accepted();
  await lab.reading("open");
}

function halfOpen(t: Timeline): readonly Check[] {
  return [
    ...clients.map((name) => given(`${name} has had its SYN+ACK`, inState(t, "held", name, "ESTABLISHED"))),
    claimed(
      "three connections wait in SYN-RECEIVED",
      howMany(t, "held", servers, "SYN-RECEIVED", (count) => count === 3),
    ),
    claimed(
      "none of them is in the accept queue",
      queueAt(t, "held", "listener", "recvQ", (waiting) => waiting === 0),
    ),
  ];
}

function waitApart(t: Timeline): readonly Check[] {
  return [
    ...halfOpen(t),
    claimed(
      "none is left there afterwards",
      howMany(t, "open", servers, "ESTABLISHED", (count) => count === 3),
    ),
  ];
}
