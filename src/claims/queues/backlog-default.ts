import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { queueAt } from "../../judge/states.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, nodeNet, notes } from "../sources.ts";
import { isFateKnown, isKeptOut } from "./newcomer.ts";

const limit = 128;
const somaxconn = { sysctls: { "net.core.somaxconn": limit } };

export const backlogDefault: Claim = {
  address: "queues/backlog-default",
  statement: {
    en: "The accept queue takes 128 connections, the default of net.core.somaxconn.",
    zh: "accept 队列最多容纳 128 个连接，即 net.core.somaxconn 的默认值。",
  },
  sources: [...notes("N3"), manual("listen(2)", "NOTES"), ipSysctl("somaxconn"), nodeNet("serverlisten")],
  cases: [
    {
      name: "this kernel's default of net.core.somaxconn",
      async experiment(lab) {
        await lab.sysctl("net.core.somaxconn", { host: "server" });
      },
      question: (t) => [
        claimed(
          "the default is 128",
          measured(t, { name: "net.core.somaxconn", label: "default" }, (value) => value === limit),
        ),
      ],
    },
    {
      name: "a Node server that names no backlog (Node then asks for 511)",
      async experiment(lab) {
        await lab.listen();
        await lab.reading("listening");
      },
      question: (t) => [limitIs128(t)],
    },
    {
      name: "a Node server that asks for a backlog of 16",
      async experiment(lab) {
        await lab.listen({ backlog: 16 });
        await lab.reading("listening");
      },
      question: (t) => [limitIs128(t)],
    },
    {
      name: "a Node server that asks for a backlog of 100,000",
      async experiment(lab) {
        await lab.sysctl("net.core.somaxconn", { host: "server" });
        await lab.listen({ backlog: 100_000 });
        await lab.reading("listening");
      },
      question: (t) => [limitIs128(t)],
    },
    {
      name: "a Node server that names no backlog, net.core.somaxconn set to 128",
      needs: somaxconn,
      async experiment(lab) {
        await lab.sysctl("net.core.somaxconn", { host: "server", label: "set" });
        await lab.listen();
        await lab.reading("listening");
      },
      question: (t) => [
        given(
          "it is set",
          measured(t, { name: "net.core.somaxconn", label: "set" }, (value) => value === limit),
        ),
        limitIs128(t),
      ],
    },
    {
      name: "more clients than that, net.core.somaxconn set to 128",
      needs: somaxconn,
      timerMs: 1_000,
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker });
        await worker.freeze();
        for (let dialled = 0; dialled < limit; dialled++) await lab.dial(listener);
        const beyond = [];
        for (let extra = 0; extra < 4; extra++) beyond.push(await lab.attempt(listener));
        // Whoever sends its SYN again was not let in.
        await Promise.all(beyond.map((client) => client.shows("an outcome", isFateKnown)));
        await lab.reading("full");
      },
      question: (t) => [
        given("the last of 132 was kept out", isKeptOut(t, "full", "client-132")),
        claimed(
          "no more than 128 wait",
          queueAt(t, "full", "listener", "recvQ", (size) => size <= limit),
        ),
      ],
    },
  ],
};

function limitIs128(t: Timeline): Check {
  return claimed(
    "the listener's limit (its Send-Q) is 128",
    queueAt(t, "listening", "listener", "sendQ", (value) => value === limit),
  );
}
