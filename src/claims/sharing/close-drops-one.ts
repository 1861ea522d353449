import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, nodeNet, notes } from "../sources.ts";
import { child, nodeSend, type Shared, shareServer } from "./shared.ts";

const bytes = 1000;
const closed = "one process has closed";

/** What the statement says once one of two holders has closed: the other is the one that goes on. */
function nothingHappens(t: Timeline, other: EndpointName): Check[] {
  return [
    claimed("the socket is still ESTABLISHED", inState(t, closed, "server", "ESTABLISHED")),
    claimed("no FIN has reached the client", inState(t, closed, "client", "ESTABLISHED")),
    claimed("the client's runtime has seen no end", sawNoEvent(t, "client", "end", { until: closed })),
    claimed(`${other} still reads`, sawEvent(t, other, "data", { by: "afterwards" })),
    claimed(`${other} still writes`, sawEvent(t, "client", "data", { by: "afterwards" })),
  ];
}

/** One holder lets go; then the other reads and writes. */
function oneCloses(name: string, other: "parent" | "child", close: (shared: Shared) => Promise<void>): Case {
  return {
    name,
    async experiment(lab) {
      const shared = await shareServer(lab);
      await close(shared);
      await lab.reading(closed);
      await goesOn(shared, other);
      await lab.reading("afterwards");
    },
    question: (t) => nothingHappens(t, other === "child" ? child : "server"),
  };
}

async function goesOn(shared: Shared, who: "parent" | "child"): Promise<void> {
  const { client, [who]: other } = shared;
  // The parent stopped reading when it gave its socket away.
  if (who === "parent") await other.resume();
  await client.write(bytes);
  await other.received(bytes);
  await other.write(bytes);
  await client.received(bytes);
}

const unread: Case = {
  name: "one process calls destroy() while data lies unread",
  async experiment(lab) {
    const shared = await shareServer(lab, { reading: "none" });
    const { client, parent, child } = shared;
    await client.write(bytes);
    await parent.hasUnread(bytes);
    await lab.reading("unread");
    await parent.destroy();
    await parent.saw("close");
    await lab.reading(closed);
    await child.read();
    await child.resume();
    await child.received(bytes);
    await child.write(bytes);
    await client.received(bytes);
    await lab.reading("afterwards");
  },
  question: (t) => [
    given(
      "data lies unread",
      queueAt(t, "unread", "server", "recvQ", (unread) => unread >= bytes),
    ),
    ...nothingHappens(t, child),
  ],
};

const destroySoon: Case = {
  name: "one process calls destroySoon(), with which Node ends before it closes",
  async experiment(lab) {
    const { client, parent, child } = await shareServer(lab);
    await parent.destroySoon();
    await parent.saw("close");
    await client.saw("end");
    await lab.reading(closed);
    await child.write(bytes);
    await child.saw("error");
    await lab.reading("afterwards");
  },
  question: (t) => [
    given("the process has closed its socket", sawEvent(t, "server", "close")),
    claimed("the socket is still ESTABLISHED", inState(t, closed, "server", "ESTABLISHED")),
    claimed("the client's runtime has seen no end", sawNoEvent(t, "client", "end", { until: closed })),
    claimed(`${child} still writes`, sawEvent(t, "client", "data", { by: "afterwards" })),
  ],
};

export const closeDropsOne: Claim = {
  address: "sharing/close-drops-one",
  statement: {
    en: "When several processes hold a socket, closing it in one of them sends no FIN: the others go on reading and writing.",
    zh: "多个进程持有同一个套接字时，其中一个关闭它并不会发出 FIN，其他进程仍可正常读写。",
  },
  sources: [...notes("N4"), manual("close(2)"), nodeSend, nodeNet("socketdestroyerror")],
  cases: [
    oneCloses("the process that accepted calls destroy(), its child goes on", "child", async ({ parent }) => {
      await parent.destroy();
      await parent.saw("close");
    }),
    oneCloses("the child calls destroy(), the process that accepted goes on", "parent", async ({ child }) => {
      await child.destroy();
      await child.saw("close");
    }),
    oneCloses("the child is killed, the process that accepted goes on", "parent", ({ process }) => process.kill()),
    oneCloses("the process that accepted calls resetAndDestroy(), its child goes on", "child", async ({ parent }) => {
      await parent.resetAndDestroy();
      await parent.saw("close");
    }),
    unread,
    destroySoon,
  ],
};
