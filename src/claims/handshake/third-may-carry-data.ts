import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { inState } from "../../judge/states.ts";
import { onWire } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has, isBareAck, isSynAck } from "../../timeline/wire.ts";
import { ipSysctl, manual, notes, rfc7413, rfc9293 } from "../sources.ts";
import { text, writesAtOnce } from "./writes-at-once.ts";

export const thirdMayCarryData: Claim = {
  address: "handshake/third-may-carry-data",
  statement: {
    en: "The third segment of a handshake can already carry data: it opens the connection at the server and brings the first bytes.",
    zh: "握手的第三个报文段就可以携带数据：它在建立服务器端连接的同时带来最初的数据。",
  },
  sources: [
    ...notes("N1"),
    rfc9293("3.5"),
    rfc9293("3.10.7.3"),
    rfc9293("3.10.7.4"),
    rfc7413("4.2.1"),
    ipSysctl("tcp_syncookies"),
    manual("send(2)"),
  ],
  cases: [
    { name: "the bare ACK is lost, and the client's first data comes instead", ...bareAckLost("v4") },
    { name: "the bare ACK is lost, and the client's first data comes instead, over IPv6", ...bareAckLost("v6") },
    {
      name: "the bare ACK is lost, the SYN was answered by a cookie (net.ipv4.tcp_syncookies 1 → 2)",
      ...bareAckLost("v4", { "net.ipv4.tcp_syncookies": 2 }),
    },
    {
      name: "nothing is lost, and the client gives its kernel the data in the call that connects: sendto(MSG_FASTOPEN)",
      needs: { capture: true, sysctls: { "net.ipv4.tcp_fastopen": 1 } },
      async experiment(lab) {
        const listener = await lab.listen();
        const client = await lab.peer(listener);
        await client.connectAndSend(text);
        await listener.endOf(client).received(text.length);
        await lab.reading("open");
      },
      question: opensAndBrings,
    },
    {
      name: "Node's client writes before it is connected (its first SYN is lost to give it the time), then nothing is lost",
      ...writesAtOnce("v4"),
      question: opensAndBrings,
    },
  ],
};

function bareAckLost(
  bind: "v4" | "v6",
  sysctls: Readonly<Record<string, number>> = {},
): Pick<Case, "needs" | "experiment" | "question"> {
  return {
    needs: { capture: true, sysctls },
    async experiment(lab) {
      await withoutBareAck(lab, bind);
    },
    question: (t) => [
      given("the client is in ESTABLISHED, its third segment lost", inState(t, "lost", "client", "ESTABLISHED")),
      given("a bare ACK was sent and did not arrive", bareAckGone(t)),
      given("without it the server is not in ESTABLISHED", notOpen(t)),
      ...opensAndBrings(t),
    ],
  };
}

/** Bare ACKs are lost to the end: an answer to a SYN+ACK that was sent again must not come first. */
async function withoutBareAck(lab: Session, bind: "v4" | "v6"): Promise<void> {
  const listener = await lab.listen({ bind });
  await using lost = await lab.lose("bare ACK", { to: listener });
  const client = await lab.attempt(listener);
  await client.saw("connect");
  await lost.catches();
  await lab.reading("lost");
  await client.write(text.length);
  await listener.endOf(client).received(text.length);
  await lab.reading("open");
}

/** A server that answers by a cookie has no socket at all until then. */
function notOpen(t: Timeline) {
  return inState(t, "lost", "server", ["SYN-RECEIVED", "CLOSED"]);
}

function bareAckGone(t: Timeline) {
  return onWire(t, ["client", "server"], (segments) => {
    const gone = segments.filter((one) => one.from === "client" && isBareAck(one) && one.seq === 1 && !arrived(one));
    return { answer: gone.length > 0, shown: gone };
  });
}

function opensAndBrings(t: Timeline): readonly Check[] {
  return [
    claimed(
      "the first segment that arrives after the SYN+ACK carries data",
      onWire(t, ["client", "server"], (segments) => {
        const answered = segments.findIndex((one) => isSynAck(one));
        const third = segments
          .slice(answered + 1)
          .find((one) => one.from === "client" && !has(one, "SYN") && arrived(one));
        if (answered < 0 || third === undefined) return { answer: undefined, shown: [] };
        return { answer: third.fact.segment.payloadBytes > 0, shown: [third] };
      }),
    ),
    claimed("the server is in ESTABLISHED", inState(t, "open", "server", "ESTABLISHED")),
    claimed(
      "its program has the data",
      received(t, "server", "open", (bytes) => bytes === text.length),
    ),
  ];
}
