import type { Claim } from "../../experiment/claim.ts";
import { compared, measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import type { AgentProcess } from "../../lab/agent-process.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { EndpointName, EventFact } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { each } from "../shared/crowd.ts";
import { manual, nodeNet, notes } from "../sources.ts";

const nofile = 64;

export const tooManyOpenFiles: Claim = {
  address: "close-wait/too-many-open-files",
  statement: {
    en: 'Once enough connections sit in CLOSE-WAIT, the descriptors run out and nothing new is served: it fails with "too many open files".',
    zh: "处于 CLOSE-WAIT 的连接多到耗尽文件描述符之后，新的请求都得不到处理，报 too many open files 错误。",
  },
  sources: [...notes("N0", "N1"), manual("accept(2)", "EMFILE"), manual("socket(2)", "EMFILE"), nodeNet("event-error")],
  cases: [
    {
      name: "a new connection to a server that is out of descriptors (limit 64)",
      async experiment(lab) {
        const { worker, pairs, listener } = await fillServer(lab);
        listener.countAccepted("full");
        const newcomer = await lab.dial(listener, { name: "newcomer" });
        await lab.elapse(300, "the server has the time to take it or to complain");
        await worker.descriptors("newcomer came");
        listener.countAccepted("newcomer came");
        await newcomer.destroy();
        await each(pairs, ({ server }) => server.destroy());
        await each(pairs, ({ server }) => server.saw("close"));
        const late = await lab.connect({ client: { name: "latecomer" }, server: listener });
        await late.server.end(5);
        await late.client.saw("end");
        await lab.reading("closed");
      },
      question: (t) => [
        ...outOfDescriptors(t),
        claimed("the server does not take it", notAccepted(t)),
        claimed(
          "once they are closed, the next is served",
          received(t, "latecomer", "closed", (bytes) => bytes === 5),
        ),
        getsTheError(t, "listener", "newcomer came"),
      ],
    },
    {
      name: "a new request over a connection that such a server has already",
      async experiment(lab) {
        const { worker, listener, open } = await fillServer(lab);
        await open.client.write(5);
        await lab.elapse(300, "the server has the time to read it or to complain");
        await worker.descriptors("request came");
        listener.countAccepted("request came");
        await lab.reading("request came");
      },
      question: (t) => [
        ...outOfDescriptors(t),
        claimed(
          "the server does not read it",
          received(t, "server", "request came", (bytes) => bytes === 0),
        ),
        getsTheError(t, "listener", "request came"),
      ],
    },
    {
      name: "a new connection from a client that is out of descriptors (limit 64)",
      async experiment(lab) {
        const worker = await lab.process({ host: "client", nofile });
        const listener = await lab.listen();
        const free = await worker.freeDescriptors("before");
        const client = { process: worker, allowHalfOpen: true };
        const pairs = await Promise.all(Array.from({ length: free }, () => lab.connect({ client, server: listener })));
        await each(pairs, ({ server }) => server.end());
        await each(pairs, ({ client }) => client.reaches("CLOSE-WAIT"));
        await worker.freeDescriptors("full");
        const newcomer = await lab.attempt(listener, { name: "newcomer", process: worker });
        await newcomer.saw(["connect", "error"]);
        await lab.reading("newcomer came");
      },
      question: (t) => [
        ...outOfDescriptors(t),
        claimed("it does not get through", inState(t, "newcomer came", "newcomer", "CLOSED")),
        getsTheError(t, "newcomer", "newcomer came"),
      ],
    },
  ],
};

function getsTheError(t: Timeline, endpoint: EndpointName, by: string): Check {
  return claimed("its program gets the error", sawEvent(t, endpoint, "error", { where: isEmfile, by }));
}

const isEmfile = ({ code }: EventFact["detail"]) => code === "EMFILE";

/** A server whose last descriptors are held by half-open connections; one more connection, `open`, it had before. */
async function fillServer(lab: Session) {
  const worker: AgentProcess = await lab.process({ host: "server", nofile });
  const listener = await lab.listen({ process: worker, allowHalfOpen: true });
  const open = await lab.connect({ server: listener });
  const free = await worker.freeDescriptors("before");
  const pairs: readonly Pair[] = await Promise.all(
    Array.from({ length: free }, () => lab.connect({ server: listener })),
  );
  await each(pairs, ({ client }) => client.end());
  await each(pairs, ({ server }) => server.reaches("CLOSE-WAIT"));
  await lab.reading("full");
  await worker.freeDescriptors("full");
  return { worker, listener, open, pairs };
}

function outOfDescriptors(t: Timeline) {
  return [
    given(
      "there were descriptors before",
      measured(t, { name: "free descriptors", label: "before" }, (free) => free > 0),
    ),
    given(
      "none is left",
      measured(t, { name: "free descriptors", label: "full" }, (free) => free === 0),
    ),
  ];
}

function notAccepted(t: Timeline): Observation {
  const name = "accepted connections";
  return compared(t, { name, label: "full" }, { name, label: "newcomer came" }, (before, after) => before === after);
}
