import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { openAndClose } from "../../lab/crowd.ts";
import type { EventFact } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { each } from "../shared/crowd.ts";
import { manual, notes, rfc9293 } from "../sources.ts";
import { atOnce, countable, countTimeWaits, timeWaits } from "./counted.ts";
import { fewPorts, portCount } from "./few-ports.ts";

const nofile = 64;
const many = 300;

export const tooManyOpenFiles: Claim = {
  address: "time-wait/too-many-open-files",
  statement: {
    en: 'Enough connections in TIME-WAIT use up the file descriptors: until their time is over, the next one fails with "too many open files".',
    zh: "处于 TIME-WAIT 的连接多到耗尽文件描述符：在等待结束之前，新的连接都会报 too many open files 错误。",
  },
  sources: [...notes("N1", "N3"), manual("socket(2)", "EMFILE"), manual("accept(2)", "EMFILE"), rfc9293("3.3.2")],
  cases: [
    {
      name: `a client with ${nofile} descriptors that has closed ${many} connections`,
      needs: countable,
      async experiment(lab) {
        const worker = await lab.process({ host: "client", nofile });
        const listener = await lab.listen({ quiet: true });
        await openAndClose(lab, listener, "all", { count: many, atOnce, process: worker });
        await countTimeWaits(lab, listener, "waiting");
        await worker.freeDescriptors("waiting");
        await lab.attempt(listener, { name: "newcomer", process: worker }).then((one) => one.saw(["connect", "error"]));
        await lab.reading("newcomer came");
      },
      question: (t) => [...tooMany(t, "client"), ...newcomerFails(t)],
    },
    {
      name: `a server with ${nofile} descriptors that has closed ${many} connections`,
      needs: countable,
      async experiment(lab) {
        const worker = await lab.process({ host: "server", nofile });
        const crowded = await lab.listen({ process: worker, quiet: true, endsFirst: true });
        const listener = await lab.listen({ process: worker });
        await openAndClose(lab, crowded, "all", { count: many, atOnce, closing: "peer", ports: "distinct" });
        await countTimeWaits(lab, crowded, "waiting");
        await worker.freeDescriptors("waiting");
        const newcomer = await lab.dial(listener, { name: "newcomer" });
        await newcomer.write(5);
        await listener.endOf(newcomer).received(5);
        await worker.descriptors("newcomer came");
        listener.countAccepted("newcomer came");
      },
      question: (t) => [
        ...tooMany(t, "server"),
        claimed(
          "the server does not take the next one",
          measured(t, { name: "accepted connections", label: "newcomer came" }, (count) => count === 0),
        ),
      ],
    },
    {
      name: `a client that runs out of ports instead: it may use ${portCount}, its descriptors are as many as ever`,
      needs: fewPorts(40_000),
      async experiment(lab) {
        const worker = await lab.process({ host: "client" });
        const listener = await lab.listen({ quiet: true });
        await openAndClose(lab, listener, "next", { name: "newcomer", count: many, process: worker });
        await countTimeWaits(lab, listener, "waiting");
        await worker.freeDescriptors("waiting");
      },
      question: (t) => [
        given(
          `${portCount} are in TIME-WAIT`,
          timeWaits(t, "waiting", "client", (count) => count === portCount),
        ),
        given("the next one fails", sawEvent(t, "newcomer", "error", { by: "waiting" })),
        claimed("with too many open files", sawEvent(t, "newcomer", "error", { where: isEmfile, by: "waiting" })),
        claimed(
          "no descriptor is left",
          measured(t, { name: "free descriptors", label: "waiting" }, (free) => free === 0),
        ),
      ],
    },
    unclosed(),
  ],
};

/** Here the error does come, and goes while all of them are still in TIME-WAIT: the descriptors were the program's. */
function unclosed(): Case {
  return {
    name: `a client with ${nofile} descriptors that ends its sockets, reads no more and does not close them; then it does`,
    async experiment(lab) {
      const worker = await lab.process({ host: "client", nofile });
      const listener = await lab.listen();
      const free = await worker.freeDescriptors("before");
      const client = { process: worker, reading: "none" } as const;
      const pairs = await Promise.all(Array.from({ length: free }, () => lab.connect({ client, server: listener })));
      await each(pairs, ({ server }) => server.write(5));
      await each(pairs, ({ client }) => client.end());
      await each(pairs, ({ client }) => client.reaches("TIME-WAIT"));
      await lab.attempt(listener, { name: "newcomer", process: worker }).then((one) => one.saw(["connect", "error"]));
      await lab.reading("newcomer came");
      await each(pairs, ({ client }) => client.destroy());
      await each(pairs, ({ client }) => client.saw("close"));
      await lab.attempt(listener, { name: "latecomer", process: worker }).then((one) => one.saw(["connect", "error"]));
      await lab.reading("latecomer came");
    },
    question: (t) => [
      given("they are in TIME-WAIT", inState(t, "latecomer came", "client", "TIME-WAIT")),
      claimed("the next one fails with too many open files", fails(t, "newcomer")),
      claimed("so does one after they were closed", fails(t, "latecomer")),
    ],
  };
}

function tooMany(t: Timeline, host: "client" | "server"): readonly Check[] {
  return [
    given(
      `${many} of the ${host}'s are in TIME-WAIT`,
      timeWaits(t, "waiting", host, (count) => count === many),
    ),
    given(
      "that is more than it may have descriptors",
      measured(t, { name: "descriptor limit", label: "waiting" }, (limit) => limit < many),
    ),
    claimed(
      "no descriptor is left",
      measured(t, free("waiting"), (count) => count === 0),
    ),
  ];
}

function newcomerFails(t: Timeline): readonly Check[] {
  return [
    claimed("the next one does not get through", inState(t, "newcomer came", "newcomer", "CLOSED")),
    claimed("it fails with too many open files", fails(t, "newcomer")),
  ];
}

function fails(t: Timeline, endpoint: string) {
  return sawEvent(t, endpoint, "error", { where: isEmfile, by: `${endpoint} came` });
}

const isEmfile = ({ code }: EventFact["detail"]) => code === "EMFILE";

const free = (label: string) => ({ name: "free descriptors", label });
