import type { Case, Claim } from "../../experiment/claim.ts";
import { compared } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, rowAt } from "../../judge/states.ts";
import type { AgentProcess } from "../../lab/agent-process.ts";
import { openAndClose } from "../../lab/crowd.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { connectMany, each } from "../shared/crowd.ts";
import type { Side } from "../shared/sides.ts";
import { manual, notes, rfc9293 } from "../sources.ts";
import { atOnce, countable, countTimeWaits, timeWaits } from "./counted.ts";

const few = 10;
const thousand = 1_000;

export const holdsDescriptor: Claim = {
  address: "time-wait/holds-descriptor",
  statement: {
    en: "Every connection in TIME-WAIT holds a file descriptor until its time is over.",
    zh: "每个处于 TIME-WAIT 的连接都占着一个文件描述符，直到等待结束。",
  },
  sources: [...notes("N1", "N3"), manual("close(2)"), manual("ss(8)", "-e"), rfc9293("3.3.2")],
  cases: [
    { name: `the client closed ${few} connections first`, ...closed("client") },
    { name: `the server closed ${few} connections first`, ...closed("server") },
    { name: "a client that has closed a thousand connections", ...aThousand("client") },
    { name: "a server that has closed a thousand connections", ...aThousand("server") },
    {
      name: "the process that had them was killed",
      async experiment(lab) {
        const worker = await lab.process({ host: "client" });
        const pair = await lab.connect({ client: { process: worker } });
        await worker.kill();
        await pair.client.reaches("TIME-WAIT");
        await lab.reading("waiting");
      },
      question: (t) => [
        given("the client is in TIME-WAIT", inState(t, "waiting", "client", "TIME-WAIT")),
        claimed(
          "a file refers to it",
          rowAt(t, "waiting", "client", ({ inode }) => (inode ?? 0) !== 0),
        ),
      ],
    },
    {
      name: "a program that ended its sockets, reads no more and has not closed them; then it does",
      async experiment(lab) {
        const worker = await lab.process({ host: "client" });
        const pairs = await openPairs(lab, "client", worker, "none");
        // What the program has not read keeps Node from telling it the end, and so from closing.
        await each(pairs, ({ server }) => server.write(5));
        await each(pairs, ({ client }) => client.end());
        await each(pairs, ({ client }) => client.reaches("TIME-WAIT"));
        await worker.socketDescriptors("in TIME-WAIT");
        await each(pairs, ({ client }) => client.destroy());
        await each(pairs, ({ client }) => client.saw("close"));
        await lab.reading("waiting");
        await worker.socketDescriptors("closed, still in TIME-WAIT");
      },
      question: (t) => [
        given("they are in TIME-WAIT", inState(t, "waiting", "client-2", "TIME-WAIT")),
        claimed("each holds a descriptor before the program closes it", took(t, "in TIME-WAIT", few)),
        claimed("and after that", took(t, "closed, still in TIME-WAIT", few)),
      ],
    },
  ],
};

type Trial = Pick<Case, "needs" | "experiment" | "question">;

function closed(closer: Side): Trial {
  return {
    async experiment(lab) {
      const worker = await lab.process({ host: closer });
      const pairs = await openPairs(lab, closer, worker);
      await worker.socketDescriptors("open");
      await each(pairs, (pair) => pair[closer].end());
      await each(pairs, (pair) => pair[closer].saw("close"));
      await each(pairs, (pair) => pair[closer].reaches("TIME-WAIT"));
      await lab.reading("waiting");
      await worker.socketDescriptors("in TIME-WAIT");
    },
    question: (t) => [
      given("each held one while it was open", took(t, "open", few)),
      given(`the ${closer}'s are in TIME-WAIT`, inState(t, "waiting", `${closer}-2`, "TIME-WAIT")),
      claimed("each still holds it", took(t, "in TIME-WAIT", few)),
      claimed(
        "a file refers to it",
        rowAt(t, "waiting", `${closer}-2`, ({ inode }) => (inode ?? 0) !== 0),
      ),
    ],
  };
}

function aThousand(closer: Side): Trial {
  return {
    needs: countable,
    async experiment(lab) {
      const worker = await lab.process({ host: closer });
      const endsFirst = closer === "server";
      const listener = await lab.listen({ quiet: true, endsFirst, ...(endsFirst ? { process: worker } : {}) });
      await worker.socketDescriptors("before");
      await openAndClose(lab, listener, "all", {
        count: thousand,
        atOnce,
        ...(endsFirst ? { closing: "peer", ports: "distinct" } : { process: worker }),
      });
      await countTimeWaits(lab, listener, "waiting");
      await worker.socketDescriptors("in TIME-WAIT");
    },
    question: (t) => [
      given(
        `a thousand of the ${closer}'s are in TIME-WAIT`,
        timeWaits(t, "waiting", closer, (count) => count === thousand),
      ),
      claimed("a thousand descriptors are taken", took(t, "in TIME-WAIT", thousand)),
    ],
  };
}

/** Opens `few` connections to a worker of that side, which had one before: the loop's own descriptors are open by then. */
async function openPairs(
  lab: Session,
  side: Side,
  worker: AgentProcess,
  reading: "flow" | "none" = "flow",
): Promise<readonly Pair[]> {
  const [client, server] = side === "client" ? [{ process: worker, reading }, {}] : [{}, { process: worker }];
  const { listener } = await lab.connect({ client, server });
  await worker.socketDescriptors("before");
  return await connectMany(lab, few, { client, server: listener });
}

function took(t: Timeline, label: string, count: number) {
  const name = "descriptors of sockets";
  return compared(t, { name, label }, { name, label: "before" }, (now, before) => now - before >= count);
}
