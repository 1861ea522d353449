import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, queueAt, rowAt } from "../../judge/states.ts";
import { sawBefore } from "../../judge/times.ts";
import type { NoteFact } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import { reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, notes } from "../sources.ts";
import { howMany } from "./how-many.ts";

const servers = ["server", "server-2", "server-3"] as const;

export const acceptQueue: Claim = {
  address: "queues/accept-queue",
  statement: {
    en: "Connections whose handshake is complete wait, in ESTABLISHED, in an accept queue until the program takes them.",
    zh: "完成握手的连接以 ESTABLISHED 状态在 accept 队列（全连接队列）中等待程序取走。",
  },
  sources: [...notes("N4"), manual("listen(2)", "NOTES"), manual("accept(2)"), manual("ss(8)")],
  cases: [
    {
      name: "three clients, and a Node server whose event loop is blocked",
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.block(60_000);
        for (const _ of servers) await lab.dial(listener);
        await listener.queues(3);
        await lab.reading("waiting");
      },
      question: (t) => [given("the event loop is blocked meanwhile", stillBlocked(t)), ...waiting(t)],
    },
    {
      name: "three clients, and a server process that is stopped, then runs again",
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.freeze();
        const clients = [await lab.dial(listener), await lab.dial(listener), await lab.dial(listener)];
        await listener.queues(3);
        await lab.reading("waiting");
        await worker.thaw();
        for (const client of clients) await listener.endOf(client).accepted();
        listener.countAccepted("taken");
        await lab.reading("taken");
      },
      question: (t) => [
        ...waiting(t),
        claimed(
          "the program is given all three",
          measured(t, accepted("taken"), (count) => count === 3),
        ),
        claimed(
          "none waits any more",
          queueAt(t, "taken", "listener", "recvQ", (size) => size === 0),
        ),
      ],
    },
    {
      name: "the client has sent data already",
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.freeze();
        const client = await lab.dial(listener);
        await client.write(100);
        await listener.endOf(client).hasUnread(100);
        await lab.reading("waiting");
      },
      question: (t) => [
        given(
          "its data is there",
          rowAt(t, "waiting", "server", (row) => row.recvQ === 100),
        ),
        ...waitsAlone(t),
      ],
    },
    {
      name: "the client has closed in the meantime",
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.freeze();
        const client = await lab.dial(listener);
        await client.end();
        await listener.endOf(client).hasUnread(1);
        await lab.reading("waiting");
      },
      question: waitsAlone,
    },
    {
      name: "the client has reset the connection in the meantime",
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.freeze();
        const client = await lab.dial(listener);
        await client.resetAndDestroy();
        await listener.endOf(client).reaches("CLOSED");
        await lab.reading("waiting");
        await worker.thaw();
        await listener.queues(0);
        await lab.reading("taken");
      },
      question: waitsAlone,
    },
  ],
};

const accepted = (label: string) => ({ name: "accepted connections", label });

function waiting(t: Timeline): readonly Check[] {
  const inQueue = queueAt(t, "waiting", "listener", "recvQ", (size) => size === 3);
  return [
    given(
      "the queue has room for them (its limit, the listener's Send-Q)",
      queueAt(t, "waiting", "listener", "sendQ", (limit) => limit > 3),
    ),
    claimed("three connections wait in the listener's queue (its Recv-Q)", inQueue),
    claimed(
      "all three are in ESTABLISHED",
      howMany(t, "waiting", servers, "ESTABLISHED", (count) => count === 3),
    ),
  ];
}

function waitsAlone(t: Timeline): readonly Check[] {
  const inQueue = queueAt(t, "waiting", "listener", "recvQ", (size) => size === 1);
  return [
    claimed("one connection waits in the listener's queue (its Recv-Q)", inQueue),
    claimed("it is in ESTABLISHED", inState(t, "waiting", "server", "ESTABLISHED")),
  ];
}

/** The reading was taken between the notes of the block's beginning and, if it came to that, of its end. */
function stillBlocked(t: Timeline): Observation {
  const noted = (words: string) =>
    t.facts.find((fact): fact is NoteFact => fact.kind === "note" && fact.text.includes(words));
  const beginning = noted("event loop blocked");
  const end = noted("event loop free again");
  const taken = reading(t, "waiting", "listener");
  const since = sawBefore(beginning, taken);
  return end === undefined || since.answer !== true ? since : sawBefore(taken, end);
}
