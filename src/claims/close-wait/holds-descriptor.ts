import type { Case, Claim } from "../../experiment/claim.ts";
import { countIn } from "../../judge/count.ts";
import { compared } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, rowAt } from "../../judge/states.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { connectMany, each } from "../shared/crowd.ts";
import { manual, notes } from "../sources.ts";
import { blockedMs, endsUnaccepted, stillBlocked } from "./blocked.ts";

const many = 20;

export const holdsDescriptor: Claim = {
  address: "close-wait/holds-descriptor",
  statement: {
    en: "Every connection in CLOSE-WAIT holds a file descriptor and memory until it is closed.",
    zh: "每个处于 CLOSE-WAIT 的连接都占着一个文件描述符和内存，直到被关闭。",
  },
  sources: [...notes("N0", "N1"), manual("close(2)"), manual("ss(8)", "-e, -m")],
  cases: [
    { name: "20 half-open connections, closed by the client", ...holding({ allowHalfOpen: true }, 0) },
    { name: "20 connections with 5 unread bytes, closed by the client", ...holding({ pauseOnConnect: true }, 5) },
    {
      name: "a connection that the program has not accepted yet, closed by the client",
      timerMs: blockedMs,
      async experiment(lab) {
        const { over } = await endsUnaccepted(lab);
        await lab.reading("held");
        await over;
      },
      question: (t) => [
        given("the event loop is still blocked", stillBlocked(t, "held")),
        given("the server's end is in CLOSE-WAIT", inState(t, "held", "server", "CLOSE-WAIT")),
        claimed(
          "a descriptor refers to it",
          rowAt(t, "held", "server", ({ inode }) => inode !== 0),
        ),
      ],
    },
  ],
};

function holding(options: ListenOptions, bytes: number): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const worker = await lab.process({ host: "server" });
      const { listener } = await lab.connect({ server: { process: worker, ...options } });
      await worker.socketDescriptors("with one connection");
      const more = await connectMany(lab, many, { server: listener });
      await each(more, ({ client }) => client.end(bytes === 0 ? undefined : bytes));
      await each(more, ({ server }) => server.reaches("CLOSE-WAIT"));
      await lab.reading("half-closed");
      await worker.socketDescriptors("in CLOSE-WAIT");
      await each(more, ({ server }) => server.destroy());
      await each(more, ({ server }) => server.saw("close"));
      await lab.reading("closed");
      await worker.socketDescriptors("after close");
    },
    question: (t) => [
      ...hold(t),
      ...(bytes === 0 ? [] : [claimed("its unread data is in kernel memory", isInMemory(t, bytes))]),
    ],
  };
}

function hold(t: Timeline): readonly Check[] {
  return [
    given(
      `${many} connections are in CLOSE-WAIT`,
      countIn(t, "half-closed", "server", "CLOSE-WAIT", (count) => count === many),
    ),
    claimed(
      "each holds one descriptor",
      compared(t, opened("in CLOSE-WAIT"), opened("with one connection"), (held, before) => held - before === many),
    ),
    claimed(
      "close gives them back",
      compared(t, opened("after close"), opened("with one connection"), (after, before) => after === before),
    ),
  ];
}

function isInMemory(t: Timeline, bytes: number): Observation {
  return rowAt(t, "half-closed", "server-2", ({ memory }) => (memory?.rmemAlloc ?? 0) >= bytes);
}

const opened = (label: string) => ({ name: "descriptors of sockets", label });
