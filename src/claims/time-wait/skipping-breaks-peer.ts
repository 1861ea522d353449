import type { Case, Claim } from "../../experiment/claim.ts";
import { compared } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { callFailed, sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Fault } from "../../lab/fault.ts";
import { orFailed } from "../../lab/peer/conversation.ts";
import type { Peer } from "../../lab/peer/peer.ts";
import type { Session } from "../../lab/session.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has } from "../../timeline/wire.ts";
import { leaves, otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, notes, rfc9293 } from "../sources.ts";
import { closeHalf, closeOther, closeWithoutLastAck } from "./closing.ts";

const lost = "the last ACK is lost";
const answered = "nothing is lost any more";
const resets = "TcpOutRsts";

const noBuckets = { exclusive: true, capture: true, sysctls: { "net.ipv4.tcp_max_tw_buckets": 0 } };

/** The peer, which has closed second, waits for an ACK that was lost, and nobody is in TIME-WAIT to repeat it. */
function isWaiting(t: Timeline, closer: Side, peer: Side): Check[] {
  return [
    given(`the ${closer} is not in TIME-WAIT`, inState(t, lost, closer, "CLOSED")),
    given(`the ${peer} waits for the last ACK`, inState(t, lost, peer, "LAST-ACK")),
  ];
}

function isReset(t: Timeline, closer: EndpointName, peer: EndpointName): Check[] {
  return [
    claimed(
      `the ${peer} is sent RST`,
      onWire(t, [closer, peer], (segments) =>
        someSegment(segments, (segment) => segment.from === closer && has(segment, "RST") && arrived(segment)),
      ),
    ),
    claimed(
      `the ${closer}'s kernel has counted it`,
      compared(t, { name: resets, label: lost }, { name: resets, label: answered }, (before, after) => after > before),
    ),
  ];
}

async function readBoth(lab: Session, label: string, closer: Side): Promise<void> {
  await lab.reading(label);
  await lab.counter(resets, label, { host: closer });
}

/**
 * Takes over when both sides have closed and the last ACK is lost. The FIN comes again after 200 ms: its answers are lost
 * too until everything has been read, so that nothing depends on being quick.
 */
async function comesAgain(lab: Session, lastAck: Fault, reset: Fault, closer: Side, peer: Endpoint | Peer) {
  await reset.catches();
  await readBoth(lab, lost, closer);
  await lastAck.lift();
  await reset.lift();
  await peer.reaches("CLOSED");
  await readBoth(lab, answered, closer);
}

function letGo(name: string, closer: Side): Case {
  const peer = otherSide(closer);
  return {
    name,
    needs: noBuckets,
    timerMs: 600,
    async experiment(lab) {
      const sides = await closeHalf(lab, { active: closer });
      const lastAck = await lab.lose("ACK of FIN", { from: sides.active });
      const reset = await lab.lose("RST", { from: sides.active });
      await closeOther(sides);
      await comesAgain(lab, lastAck, reset, closer, sides.passive);
    },
    question: (t) => [
      ...isWaiting(t, closer, peer),
      ...isReset(t, closer, peer),
      claimed(`that is the end of the ${peer}'s connection`, inState(t, answered, peer, "CLOSED")),
    ],
  };
}

/** ss is silent about a kernel that cannot: older ones refuse TIME-WAIT, others lack CONFIG_INET_DIAG_DESTROY. */
async function isRemoved(waiting: Endpoint): Promise<void> {
  const { state } = await waiting.state();
  if (state !== "TIME-WAIT") return;
  throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", "needs a kernel in which ss --kill removes a TIME-WAIT");
}

const removed: Case = {
  name: "the client's TIME-WAIT is removed by hand (ss --kill), the server's program has let go of its socket",
  needs: { exclusive: true, capture: true },
  async experiment(lab) {
    const { active, passive, lastAck } = await closeWithoutLastAck(lab, { active: "client" });
    await active.reaches("TIME-WAIT");
    const reset = await lab.lose("RST", { from: active });
    const { host, local } = active;
    await host.run("ss", ["-K", "-H", "-n", "-t", "state", "time-wait", "sport", "=", `:${local.port}`]);
    await isRemoved(active);
    await comesAgain(lab, lastAck, reset, "client", passive);
  },
  question: (t) => [...isWaiting(t, "client", "server"), ...isReset(t, "client", "server")],
};

const taken: Case = {
  name: "the client's TIME-WAIT gives way to its next connection from the same port",
  needs: { exclusive: true, capture: true },
  async experiment(lab) {
    const { client, server, listener } = await lab.connect({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true },
    });
    await client.end();
    await server.saw("end");
    await leaves(client, "FIN-WAIT-1");
    const lastAck = await lab.lose("ACK of FIN", { from: client });
    await server.end();
    await client.reaches("TIME-WAIT");
    // Or else the FIN could come again, and be acknowledged, before the new SYN.
    const fin = await lab.lose("FIN", { from: server });
    await fin.catches();
    await lastAck.lift();
    await readBoth(lab, lost, "client");
    const next = await lab.attempt(listener, { localPort: client.local.port });
    await next.saw(["connect", "error"]);
    await readBoth(lab, answered, "client");
    await fin.lift();
  },
  question: (t) => [
    given("the client was in TIME-WAIT", inState(t, lost, "client", "TIME-WAIT")),
    given("the server waits for the last ACK", inState(t, lost, "server", "LAST-ACK")),
    ...isReset(t, "client-2", "server-2"),
  ],
};

/** The peer's program keeps its socket, unread: it can be told what happened to it. */
async function resetsHeld(lab: Session, client: Endpoint, server: Endpoint | Peer, close: () => Promise<unknown>) {
  await client.end();
  await server.shows("the FIN unread", ({ row }) => (row?.recvQ ?? 0) > 0);
  const lastAck = await lab.lose("ACK of FIN", { from: client });
  const reset = await lab.lose("RST", { from: client });
  await close();
  await comesAgain(lab, lastAck, reset, "client", server);
}

const told = "its program has asked";

const heldByNode: Case = {
  name: "no TIME-WAIT allowed, the server's program still has its socket, in Node, and reads on",
  needs: noBuckets,
  timerMs: 600,
  async experiment(lab) {
    const { client, server } = await lab.connect({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true, pauseOnConnect: true, reading: "none" },
    });
    await resetsHeld(lab, client, server, async () => {
      await server.end();
      await server.saw("finish");
    });
    await server.read();
    await server.resume();
    await server.saw("close");
    await lab.reading(told);
  },
  question: (t) => [
    ...isWaiting(t, "client", "server"),
    ...isReset(t, "client", "server"),
    claimed("its program sees a reset", sawEvent(t, "server", "error", { by: told })),
  ],
};

function heldByPerl(name: string, asks: (server: Peer) => Promise<unknown>, call: string): Case {
  return {
    name,
    needs: noBuckets,
    timerMs: 600,
    async experiment(lab) {
      const listener = await lab.peerListen();
      const client = await lab.attempt(listener.local, { allowHalfOpen: true });
      const server = await listener.accept(client);
      await client.saw("connect");
      await resetsHeld(lab, client, server, () => server.shutdown("SHUT_WR"));
      await orFailed(asks(server));
      await lab.reading(told);
    },
    question: (t) => [
      ...isWaiting(t, "client", "server"),
      ...isReset(t, "client", "server"),
      claimed("its program sees a reset", callFailed(t, "server", call, "ECONNRESET")),
    ],
  };
}

export const skippingBreaksPeer: Claim = {
  address: "time-wait/skipping-breaks-peer",
  statement: {
    en: "Without TIME-WAIT, a lost last ACK makes the peer's close end in a reset.",
    zh: "如果没有 TIME-WAIT，最后一个 ACK 丢失后，对端重发的 FIN 会得到 RST，它的关闭就以复位告终。",
  },
  sources: [...notes("N1", "N3"), rfc9293("3.5.2"), rfc9293("3.10.7.4"), ipSysctl("tcp_max_tw_buckets")],
  cases: [
    letGo("no TIME-WAIT allowed (tcp_max_tw_buckets 0), the server's program has let go of its socket", "client"),
    letGo("no TIME-WAIT allowed, the server closes first, the client's program has let go of its socket", "server"),
    removed,
    taken,
    heldByNode,
    heldByPerl(
      "no TIME-WAIT allowed, the server's program still has its socket, with recv()",
      (server) => server.recv(),
      "recv()",
    ),
    heldByPerl(
      "no TIME-WAIT allowed, the server's program still has its socket, and asks for SO_ERROR",
      (server) => server.connected(),
      "poll(POLLOUT)",
    ),
  ],
};
