import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, notes, rfc9293 } from "../sources.ts";
import { nodeSend, type Shared, shareServer } from "./shared.ts";

const oneLeft = "one process still holds the socket";
const noneLeft = "no process holds it";

/** What the statement says of the close that leaves nobody. */
function finAtLast(t: Timeline): Check[] {
  return [
    given("the socket was open while one process held it", inState(t, oneLeft, "server", "ESTABLISHED")),
    given("the client had seen no end until then", sawNoEvent(t, "client", "end", { until: oneLeft })),
    claimed("then the client sees the end", sawEvent(t, "client", "end", { by: noneLeft })),
    claimed("it sees no error", sawNoEvent(t, "client", "error", { until: noneLeft })),
    claimed("its kernel has a FIN: CLOSE-WAIT", inState(t, noneLeft, "client", "CLOSE-WAIT")),
    claimed("the server's has sent it: FIN-WAIT-2", inState(t, noneLeft, "server", "FIN-WAIT-2")),
  ];
}

function lastCloses(
  name: string,
  first: (shared: Shared) => Promise<void>,
  last: (shared: Shared) => Promise<void>,
): Case {
  return {
    name,
    async experiment(lab) {
      const shared = await shareServer(lab);
      await first(shared);
      await lab.reading(oneLeft);
      await last(shared);
      await hasHeard(shared);
      await lab.reading(noneLeft);
    },
    question: finAtLast,
  };
}

/** The client has been told, by FIN or by RST, and the server's kernel has its answer. */
async function hasHeard({ client, parent }: Shared): Promise<void> {
  await client.saw(["end", "error"]);
  await parent.reaches(["FIN-WAIT-2", "TIME-WAIT", "CLOSED"]);
}

async function parentDestroys({ parent }: Shared): Promise<void> {
  await parent.destroy();
  await parent.saw("close");
}

async function childDestroys({ child }: Shared): Promise<void> {
  await child.destroy();
  await child.saw("close");
}

const childIsKilled = ({ process }: Shared): Promise<void> => process.kill();

const three: Case = {
  name: "three processes hold it; the last of them calls destroy()",
  async experiment(lab) {
    const shared = await shareServer(lab);
    const third = await shared.parent.give(await lab.process({ name: "third", host: "server" }), { keepOpen: true });
    await parentDestroys(shared);
    await childIsKilled(shared);
    await lab.reading(oneLeft);
    await third.destroy();
    await hasHeard(shared);
    await lab.reading(noneLeft);
  },
  question: finAtLast,
};

const unread: Case = {
  name: "the last process calls destroy() while data lies unread",
  async experiment(lab) {
    const shared = await shareServer(lab, { reading: "none" });
    await shared.client.write(1000);
    await shared.parent.hasUnread(1000);
    await parentDestroys(shared);
    await lab.reading(oneLeft);
    await childDestroys(shared);
    await hasHeard(shared);
    await lab.reading(noneLeft);
  },
  question: (t) => [
    given(
      "data lies unread",
      queueAt(t, oneLeft, "server", "recvQ", (unread) => unread >= 1000),
    ),
    ...finAtLast(t),
  ],
};

export const lastCloseSendsFin: Claim = {
  address: "sharing/last-close-sends-fin",
  statement: {
    en: "When several processes hold a socket, the FIN is sent when the last of them closes it.",
    zh: "多个进程持有同一个套接字时，最后一个进程关闭它时才发出 FIN。",
  },
  sources: [
    ...notes("N4"),
    manual("close(2)"),
    nodeSend,
    manual("socket(7)", "SO_LINGER"),
    rfc9293("3.6"),
    rfc9293("3.6.1"),
  ],
  cases: [
    lastCloses("the process that accepted calls destroy(), then its child does", parentDestroys, childDestroys),
    lastCloses("the child calls destroy(), then the process that accepted does", childDestroys, parentDestroys),
    lastCloses("the process that accepted calls destroy(), then its child is killed", parentDestroys, childIsKilled),
    lastCloses("the child is killed, then the process that accepted calls destroy()", childIsKilled, parentDestroys),
    three,
    lastCloses(
      "the process that accepted calls resetAndDestroy(), then its child calls destroy()",
      async ({ parent }) => {
        await parent.resetAndDestroy();
        await parent.saw("close");
      },
      childDestroys,
    ),
    unread,
  ],
};
