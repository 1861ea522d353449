import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { allOf, anyOf, not, type Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, rowAt } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { TcpState } from "../../model/state.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, notes, rfc9293 } from "../sources.ts";

export const twoNotEnough: Claim = {
  address: "handshake/two-not-enough",
  statement: {
    en: "Two segments are not enough: with the answer lost, the server would count the connection open, the client would not, and both would wait for ever. Because the server waits for a third segment, there is no such deadlock.",
    zh: "只有两次握手不够：应答丢失时，服务器以为连接已建立，客户端却不这样认为，双方会一直等下去；服务器要等到第三个报文段才算建立，所以不会这样死锁。",
  },
  sources: [
    ...notes("N0", "N2"),
    rfc9293("3.5"),
    rfc9293("3.5.1"),
    ipSysctl("tcp_synack_retries"),
    ipSysctl("tcp_syncookies"),
  ],
  cases: [
    {
      name: "the SYN+ACK is lost at first",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("SYN+ACK", { from: listener });
        const client = await lab.attempt(listener);
        await lost.catches();
        await halfway(lab, listener);
        await client.resends();
        await lab.reading("again");
        await lost.lift();
        await client.saw("connect");
        await listener.endOf(client).accepted();
        await lab.reading("end");
      },
      question: (t) => [
        given("the client has no connection when two segments were sent", inState(t, "lost", "client", "SYN-SENT")),
        claimed("it does not just wait: it sends its SYN again", sendsAgain(t, "client")),
        ...noDeadlock(t),
      ],
    },
    {
      name: "the third segment is lost at first, both sides silent",
      timerMs: 3_000,
      experiment: (lab) => thirdLost(lab, 0),
      question: (t) => [
        ...alone(t),
        claimed("the server does not just wait: it sends its SYN+ACK again", sendsAgain(t, "server")),
      ],
    },
    {
      name: "the third segment is lost at first, then the client sends data",
      experiment: (lab) => thirdLost(lab, 100),
      question: alone,
    },
    {
      name: "the third segment is lost until the server gives up (net.ipv4.tcp_synack_retries 5 → 1)",
      needs: { sysctls: { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_synack_retries": 1 } },
      timerMs: 3_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("handshake ACK", { to: listener });
        const client = await lab.attempt(listener);
        await client.saw("connect");
        await halfway(lab, listener);
        await listener.endOf(client).reaches(["CLOSED", "ESTABLISHED"]);
        await lost.lift();
        await lab.reading("end");
      },
      question: alone,
    },
    {
      name: "the third segment is lost at first, both sides silent, the SYN answered by a cookie (net.ipv4.tcp_syncookies 1 → 2)",
      needs: { sysctls: { "net.ipv4.tcp_syncookies": 2 } },
      timerMs: 4_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("handshake ACK", { to: listener });
        const client = await lab.attempt(listener);
        await client.saw("connect");
        await lost.catches();
        await halfway(lab, listener);
        await lost.lift();
        await lab.elapse(4_000, "a server that remembers a SYN sends its answer again after 1 s and after 3 s");
        await lab.reading("end");
      },
      question: alone,
    },
  ],
};

async function thirdLost(lab: Session, bytes: number): Promise<void> {
  const listener = await lab.listen();
  await using lost = await lab.lose("handshake ACK", { to: listener });
  const client = await lab.attempt(listener);
  await client.saw("connect");
  await lost.catches();
  await halfway(lab, listener);
  const server = listener.endOf(client);
  if (bytes === 0) {
    await server.resends();
    await lab.reading("again");
  }
  await lost.lift();
  if (bytes > 0) await client.write(bytes);
  // The server's next answer comes as late as its timer has doubled meanwhile.
  await server.accepted({ within: 40_000 });
  if (bytes > 0) await server.received(bytes);
  await lab.reading("end");
}

async function halfway(lab: Session, listener: { countAccepted(label: string): number }): Promise<void> {
  await lab.reading("lost");
  listener.countAccepted("lost");
}

/** The client counts the connection open on two segments, and is alone in that. */
function alone(t: Timeline): readonly Check[] {
  return [given("the client's runtime has its connection", sawEvent(t, "client", "connect")), ...noDeadlock(t)];
}

function noDeadlock(t: Timeline): readonly Check[] {
  const accepted = { name: "accepted connections", label: "lost" };
  const both = (state: TcpState) => allOf(inState(t, "end", "client", state), inState(t, "end", "server", state));
  return [
    claimed("the server does not count the connection open yet", not(inState(t, "lost", "server", "ESTABLISHED"))),
    claimed(
      "the server's program was given none",
      measured(t, accepted, (count) => count === 0),
    ),
    claimed(
      "in the end both sides agree: it is open on both, or on neither",
      anyOf(both("ESTABLISHED"), both("CLOSED")),
    ),
  ];
}

function sendsAgain(t: Timeline, endpoint: string): Observation {
  return rowAt(t, "again", endpoint, ({ timer }) => (timer?.retransmits ?? 0) > 0);
}
