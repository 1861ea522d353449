import type { Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { wentThrough } from "../../judge/transitions.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes, rfc9293 } from "../sources.ts";

export const states: Claim = {
  address: "handshake/states",
  statement: {
    en: "While a connection opens, the client passes from SYN-SENT to ESTABLISHED, and the server from LISTEN through SYN-RECEIVED to ESTABLISHED.",
    zh: "建立连接时，客户端由 SYN-SENT 进入 ESTABLISHED，服务器由 LISTEN 经 SYN-RECEIVED 进入 ESTABLISHED。",
  },
  sources: [...notes("N1", "N2", "N4"), rfc9293("3.3.2"), rfc9293("3.5"), manual("ss(8)"), ipSysctl("tcp_syncookies")],
  cases: [
    {
      name: "held before the SYN+ACK arrives",
      timerMs: 1_000,
      experiment: (lab) => answerLost(lab, "v4"),
      question: heldHalfway,
    },
    {
      name: "held before the SYN+ACK arrives, over IPv6",
      timerMs: 1_000,
      experiment: (lab) => answerLost(lab, "v6"),
      question: heldHalfway,
    },
    {
      name: "held before the third segment arrives",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await lab.reading("before");
        await using lost = await lab.lose("handshake ACK", { to: listener });
        const client = await lab.attempt(listener);
        await client.saw("connect");
        await lost.catches();
        await lab.reading("held");
        await lost.lift();
        await orLate(listener.endOf(client).accepted());
        await lab.reading("open");
      },
      question: (t) => [
        given("the client's runtime has its connection", sawEvent(t, "client", "connect", { by: "held" })),
        claimed("the server was in LISTEN before", inState(t, "before", "listener", "LISTEN")),
        claimed("the client is in ESTABLISHED once it has sent the third", inState(t, "held", "client", "ESTABLISHED")),
        claimed("the server is in SYN-RECEIVED until it arrives", inState(t, "held", "server", "SYN-RECEIVED")),
        claimed("the server is in ESTABLISHED then", inState(t, "open", "server", "ESTABLISHED")),
      ],
    },
    {
      name: "an ordinary handshake, nothing lost and nothing held",
      needs: { tracepoint: true },
      async experiment(lab) {
        await lab.connect();
        await lab.reading("open");
      },
      question: (t) => [
        claimed(
          "the kernel takes the client's socket through SYN-SENT to ESTABLISHED",
          wentThrough(t, "client", ["SYN-SENT", "ESTABLISHED"]),
        ),
        claimed(
          "the kernel takes the server's socket through SYN-RECEIVED to ESTABLISHED",
          wentThrough(t, "server", ["SYN-RECEIVED", "ESTABLISHED"]),
        ),
        claimed("the listener is in LISTEN beside it", inState(t, "open", "listener", "LISTEN")),
      ],
    },
    {
      name: "held before the SYN+ACK arrives, every SYN answered by a cookie (net.ipv4.tcp_syncookies 1 → 2)",
      needs: { sysctls: { "net.ipv4.tcp_syncookies": 2 } },
      timerMs: 1_000,
      experiment: (lab) => answerLost(lab, "v4"),
      question: heldHalfway,
    },
  ],
};

async function answerLost(lab: Session, bind: "v4" | "v6"): Promise<void> {
  const listener = await lab.listen({ bind });
  await lab.reading("before");
  await using lost = await lab.lose("SYN+ACK", { from: listener });
  const client = await lab.attempt(listener);
  await lost.catches();
  await lab.reading("held");
  await lost.lift();
  await orLate(listener.endOf(client).accepted());
  await lab.reading("open");
}

function heldHalfway(t: Timeline): readonly Check[] {
  return [
    claimed("the server was in LISTEN before", inState(t, "before", "listener", "LISTEN")),
    claimed("the client, its SYN sent, is in SYN-SENT", inState(t, "held", "client", "SYN-SENT")),
    claimed("the server, its SYN+ACK sent, is in SYN-RECEIVED", inState(t, "held", "server", "SYN-RECEIVED")),
    claimed("the client is in ESTABLISHED in the end", inState(t, "open", "client", "ESTABLISHED")),
    claimed("the server is in ESTABLISHED in the end", inState(t, "open", "server", "ESTABLISHED")),
  ];
}
