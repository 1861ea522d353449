import type { Case, Claim } from "../../experiment/claim.ts";
import { countIn } from "../../judge/count.ts";
import { claimed, given } from "../../judge/question.ts";
import { orLate } from "../../lab/deadline.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { connectMany, each } from "../shared/crowd.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";

const many = 50;

export const missingClose: Claim = {
  address: "close-wait/missing-close",
  statement: {
    en: "Many connections in CLOSE-WAIT mean that the program has forgotten to close them: they stay until it does.",
    zh: "大量连接处于 CLOSE-WAIT，说明程序忘了关闭它们：程序不关，它们就不会消失。",
  },
  sources: [...notes("N0", "N1", "N3"), rfc9293("3.6"), nodeNet("netcreateserveroptions-connectionlistener")],
  cases: [
    {
      name: "allowHalfOpen: true and no end()",
      ...forgotten({ server: { allowHalfOpen: true }, before: () => Promise.resolve() }),
    },
    {
      name: "requests that nobody reads",
      ...forgotten({ server: { reading: "none" }, before: ({ client }) => client.write(5) }),
    },
    {
      name: "sockets that were never resumed, pauseOnConnect: true",
      ...forgotten({ server: { pauseOnConnect: true }, before: () => Promise.resolve() }),
    },
    {
      name: "upgraded sockets, as an http server hands them over: half-open, and nobody answers 'end'",
      ...forgotten({ server: { allowHalfOpen: true }, before: upgrade }),
    },
    {
      name: "a program that closes, its event loop blocked",
      timerMs: 8_000,
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const pairs = await connectMany(lab, many, { server: { process: worker } });
        const { over } = await worker.block(8_000);
        await each(pairs, ({ client }) => client.end());
        await each(pairs, ({ server }) => server.reaches("CLOSE-WAIT"));
        await lab.reading("half-closed");
        await over;
        await each(pairs, ({ server }) => orLate(server.reaches(["LAST-ACK", "CLOSED"])));
        await lab.reading("later");
        await each(pairs, ({ server }) => server.destroy());
        await lab.reading("closed");
      },
      question: stayUntilClosed,
    },
  ],
};

/** A request and its answer, after which the connection is the program's own. */
async function upgrade({ client, server }: Pair): Promise<void> {
  await client.write(64);
  await server.received(64);
  await server.write(64);
  await client.received(64);
}

interface Forgotten {
  readonly server: ListenOptions;
  readonly before: (pair: Pair) => Promise<unknown>;
}

function forgotten({ server: options, before }: Forgotten): Pick<Case, "timerMs" | "experiment" | "question"> {
  return {
    timerMs: 1_000,
    async experiment(lab) {
      const pairs = await connectMany(lab, many, { server: options });
      await each(pairs, before);
      await each(pairs, ({ client }) => client.end());
      await each(pairs, ({ server }) => server.reaches("CLOSE-WAIT"));
      await lab.reading("half-closed");
      await lab.elapse(1_000, "the program has the time to close, and no one to make it wait");
      await lab.reading("later");
      await each(pairs, ({ server }) => server.destroy());
      await each(pairs, ({ server }) => server.saw("close"));
      await lab.reading("closed");
    },
    question: stayUntilClosed,
  };
}

function stayUntilClosed(t: Timeline): readonly Check[] {
  return [
    given(
      `${many} connections are in CLOSE-WAIT`,
      countIn(t, "half-closed", "server", "CLOSE-WAIT", (count) => count === many),
    ),
    claimed(
      "they stay as long as nobody mends the program",
      countIn(t, "later", "server", "CLOSE-WAIT", (count) => count === many),
    ),
    claimed(
      "none is left once each is closed",
      countIn(t, "closed", "server", "CLOSE-WAIT", (count) => count === 0),
    ),
  ];
}
