import type { Claim } from "../../experiment/claim.ts";
import { compared } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Fault } from "../../lab/fault.ts";
import type { Listener } from "../../lab/listener.ts";
import type { Peer } from "../../lab/peer/peer.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, notes, rfc7413, rfc9293 } from "../sources.ts";

/** For client and server, without a cookie, and for a listener that did not ask for it, as Node's does not. */
const fastOpenWithoutCookie = 0x1 | 0x2 | 0x4 | 0x200 | 0x400;

export const abandonedAttempt: Claim = {
  address: "handshake/abandoned-attempt",
  statement: {
    en: "A connection request that the client has given up does not become a connection at the server.",
    zh: "客户端已经放弃的连接请求，不会在服务器上变成连接。",
  },
  sources: [
    ...notes("N0", "N1"),
    rfc9293("3.5"),
    rfc9293("3.5.1"),
    rfc9293("3.10.7.1"),
    rfc7413("2.1"),
    ipSysctl("tcp_fastopen"),
  ],
  cases: [
    {
      name: "the client calls destroy() before the SYN+ACK arrives",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen({ allowHalfOpen: true });
        await using lost = await lab.lose("SYN+ACK", { from: listener });
        listener.countAccepted("before");
        const client = await lab.attempt(listener);
        await lost.catches();
        await client.destroy();
        await client.saw("close");
        await lab.reading("given up");
        await lost.lift();
        await outcome(lab, listener, client);
      },
      question: (t) => [...gaveUpWaiting(t), ...noConnection(t)],
    },
    {
      name: "the client's process is killed before the SYN+ACK arrives",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen({ allowHalfOpen: true });
        const program = await lab.process({ host: "client" });
        await using lost = await lab.lose("SYN+ACK", { from: listener });
        listener.countAccepted("before");
        const client = await lab.attempt(listener, { process: program });
        await lost.catches();
        await program.kill();
        await client.reaches("CLOSED");
        await lab.reading("given up");
        await lost.lift();
        await outcome(lab, listener, client);
      },
      question: (t) => [...gaveUpWaiting(t), ...noConnection(t)],
    },
    {
      name: "the SYN itself arrives after the client has given up",
      needs: { exclusive: true },
      timerMs: 1_000,
      async experiment(lab) {
        const { listener, client, silenced } = await lateSyn(lab);
        await silenced.lift();
        await outcome(lab, listener, client);
      },
      question: (t) => [...gaveUpBeforeSyn(t), ...gaveUpWaiting(t), ...noConnection(t)],
    },
    {
      name: "the SYN itself arrives after the client has given up, and its resets are lost (net.ipv4.tcp_synack_retries 5 → 1, tcp_syn_retries 6 → 1)",
      needs: { exclusive: true, sysctls: { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_synack_retries": 1 } },
      timerMs: 3_000,
      async experiment(lab) {
        const { listener, client, silenced } = await lateSyn(lab);
        await outcome(lab, listener, client);
        await silenced.lift();
      },
      question: (t) => [...gaveUpBeforeSyn(t), ...gaveUpWaiting(t), ...noConnection(t)],
    },
    {
      name: "the SYN carries data (TCP Fast Open, net.ipv4.tcp_fastopen 1 → 0x607), and the client is killed before the SYN+ACK arrives",
      needs: { sysctls: { "net.ipv4.tcp_fastopen": fastOpenWithoutCookie } },
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen({ allowHalfOpen: true });
        await using lost = await lab.lose("SYN+ACK", { from: listener });
        listener.countAccepted("before");
        const client = await lab.peer(listener);
        await client.sendWithSyn("hello");
        await lost.catches();
        await client.kill();
        await lab.reading("given up");
        await lost.lift();
        await outcome(lab, listener, client);
      },
      question: (t) => [...gaveUpWaiting(t), ...noConnection(t)],
    },
  ],
};

/** The client is gone when its SYN arrives. Its reset is lost, so that ss can show that the SYN was taken. */
async function lateSyn(lab: Session): Promise<{ listener: Listener; client: Endpoint; silenced: Fault }> {
  const listener = await lab.listen({ allowHalfOpen: true });
  const { client: other } = await lab.connect({ client: { name: "other" }, server: listener });
  await using held = await lab.hold({ from: other });
  await other.write(1);
  listener.countAccepted("before");
  const client = await lab.attempt(listener);
  await client.destroy();
  await client.saw("close");
  await lab.reading("before");
  const silenced = await lab.lose("RST", { to: listener });
  await held.release();
  await silenced.catches();
  await lab.reading("given up");
  return { listener, client, silenced };
}

function gaveUpBeforeSyn(t: Timeline): readonly Check[] {
  return [given("the SYN had not arrived when the client gave up", inState(t, "before", "server", "CLOSED"))];
}

/** Waits until the server's half-open entry has come to an end, one or the other. */
async function outcome(lab: Session, listener: Listener, client: Endpoint | Peer): Promise<void> {
  const { state } = await listener.endOf(client).reaches(["CLOSED", "ESTABLISHED", "CLOSE-WAIT"]);
  if (state !== "CLOSED") await listener.endOf(client).accepted();
  listener.countAccepted("after");
  await lab.reading("after");
}

function gaveUpWaiting(t: Timeline): readonly Check[] {
  return [
    given("the client's kernel has no such socket any more", inState(t, "given up", "client", "CLOSED")),
    given("it never had the connection", sawNoEvent(t, "client", "connect", { until: "given up" })),
    given("the server took its SYN and waits", inState(t, "given up", "server", "SYN-RECEIVED")),
  ];
}

function noConnection(t: Timeline): readonly Check[] {
  const accepted = (label: string) => ({ name: "accepted connections", label });
  return [
    claimed("the server's kernel has no such connection", inState(t, "after", "server", "CLOSED")),
    claimed(
      "the server's program was given no connection",
      compared(t, accepted("before"), accepted("after"), (before, after) => before === after),
    ),
  ];
}
