import type { Claim } from "../../experiment/claim.ts";
import { compared } from "../../judge/measures.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Listener } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { isFateKnown, isKeptOut } from "./newcomer.ts";

const overflows = "TcpExtListenOverflows";
const backlog = 4;
/** Linux refuses once the queue is longer than the backlog, so it takes one more. */
const room = backlog + 1;
const aborting = { exclusive: true, sysctls: { "net.ipv4.tcp_abort_on_overflow": 1 } };

export const acceptOverflow: Claim = {
  address: "queues/accept-overflow",
  statement: {
    en: "A full accept queue keeps later clients out: they get no connection.",
    zh: "accept 队列满了以后，后来的客户端会被挡在外面，建立不了连接。",
  },
  sources: [
    ...notes("N4"),
    manual("listen(2)", "NOTES"),
    ipSysctl("tcp_abort_on_overflow"),
    manual("tcp(7)", "tcp_abort_on_overflow"),
  ],
  cases: [
    {
      name: "the client's SYN comes when the queue is full",
      needs: { exclusive: true },
      timerMs: 1_000,
      experiment: synComesLate,
      question: (t) => [
        ...queueIsFull(t),
        claimed("nobody answers its SYN", isKeptOut(t, "full", "client")),
        ...outside(t),
      ],
    },
    {
      name: "the client's SYN comes when the queue is full (net.ipv4.tcp_abort_on_overflow 0 → 1)",
      needs: aborting,
      timerMs: 1_000,
      experiment: synComesLate,
      question: (t) => [...queueIsFull(t), ...outside(t)],
    },
    {
      name: "the client's third segment comes when the queue is full",
      needs: { exclusive: true },
      timerMs: 600,
      experiment: thirdComesLate,
      question: (t) => [...queueIsFull(t), ...outside(t)],
    },
    {
      name: "the client's third segment comes when the queue is full (net.ipv4.tcp_abort_on_overflow 0 → 1)",
      needs: aborting,
      timerMs: 600,
      experiment: thirdComesLate,
      question: (t) => [
        ...queueIsFull(t),
        given("its program had a connection", sawEvent(t, "client", "connect", { by: "full" })),
        ...outside(t),
      ],
    },
  ],
};

/** A server process that stands still, so that its accept queue stays as full as it is. */
async function stoppedServer(lab: Session): Promise<Listener> {
  const worker = await lab.process({ host: "server" });
  const listener = await lab.listen({ process: worker, backlog });
  await worker.freeze();
  return listener;
}

async function synComesLate(lab: Session): Promise<void> {
  const listener = await stoppedServer(lab);
  for (let taken = 0; taken < room; taken++) await lab.dial(listener, { name: `early-${taken + 1}` });
  await listener.queues(room);
  await lab.counter(overflows, "before");
  const client = await lab.attempt(listener);
  await client.shows("its fate", isFateKnown);
  await lab.counter(overflows, "after");
  await lab.reading("full");
}

/** The handshake is under way while the others fill the queue; then data carries what the third segment would have. */
async function thirdComesLate(lab: Session): Promise<void> {
  const listener = await stoppedServer(lab);
  await using lost = await lab.lose("handshake ACK", { to: listener });
  const client = await lab.attempt(listener);
  await client.saw("connect");
  await lost.catches();
  await using silenced = await lab.lose("everything", { from: client });
  await client.write(1);
  await silenced.catches();
  await lost.lift();
  for (let taken = 0; taken < room; taken++) await lab.dial(listener, { name: `early-${taken + 1}` });
  await listener.queues(room);
  await lab.counter(overflows, "before");
  await silenced.lift();
  const { row } = await client.state();
  const sentSoFar = row?.timer?.retransmits ?? 0;
  await client.shows(
    "its data sent once more, or an end",
    (seen) => seen.state !== "ESTABLISHED" || (seen.row?.timer?.retransmits ?? 0) > sentSoFar,
  );
  await lab.counter(overflows, "after");
  await lab.reading("full");
}

function queueIsFull(t: Timeline): readonly Check[] {
  const [before, after] = [
    { name: overflows, label: "before" },
    { name: overflows, label: "after" },
  ];
  return [
    given(
      "the accept queue is full",
      queueAt(t, "full", "listener", "recvQ", (size) => size === room),
    ),
    given(
      "the kernel counts the overflow",
      compared(t, before, after, (earlier, later) => later > earlier),
    ),
  ];
}

function outside(t: Timeline): readonly Check[] {
  return [
    claimed("the server has no connection with it", not(inState(t, "full", "server", "ESTABLISHED"))),
    claimed("the client has no connection", not(inState(t, "full", "client", "ESTABLISHED"))),
  ];
}
