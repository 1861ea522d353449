import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";
import { child, nodeSend, type Shared, shareServer } from "./shared.ts";

const bytes = 1000;
const ended = "one process has called end()";
const afterwards = "afterwards";

/** The FIN is out although both processes hold the socket. */
function finAtOnce(t: Timeline): Check[] {
  return [
    claimed("the client sees the end", sawEvent(t, "client", "end", { by: ended })),
    claimed("the server's kernel has sent a FIN: FIN-WAIT-2", inState(t, ended, "server", "FIN-WAIT-2")),
  ];
}

function cannotWrite(t: Timeline, other: EndpointName): Check {
  const where = ({ code }: { readonly code?: unknown }) => code === "EPIPE";
  return claimed(`${other} cannot write any more`, sawEvent(t, other, "error", { where, by: afterwards }));
}

/** One holder ends; the other first reads, then writes. */
function oneEnds(name: string, one: "parent" | "child"): Case {
  const other = one === "parent" ? "child" : "parent";
  const [ender, holder] = one === "parent" ? ["server", child] : [child, "server"];
  return {
    name,
    async experiment(lab) {
      // Whoever ends does not read: the data is for the other.
      const shared = await shareServer(lab, { reading: "none" });
      await ends(shared, one);
      await lab.reading(ended);
      await shared[other].read();
      await shared[other].resume();
      await shared.client.write(bytes);
      await shared[other].received(bytes);
      await shared[other].write(bytes);
      await shared[other].saw(["written", "error"]);
      await lab.reading(afterwards);
    },
    question: (t) => [
      given(`${ender} has ended`, sawEvent(t, ender, "finish")),
      ...finAtOnce(t),
      claimed(`${holder} can still read`, sawEvent(t, holder, "data", { by: afterwards })),
      cannotWrite(t, holder),
    ],
  };
}

async function ends({ client, parent, ...shared }: Shared, who: "parent" | "child"): Promise<void> {
  const one = who === "parent" ? parent : shared.child;
  await one.end();
  await one.saw("finish");
  await client.saw("end");
  await parent.reaches(["FIN-WAIT-2", "TIME-WAIT", "CLOSED"]);
}

/** The FIN has its place behind what waits; the state tells that shutdown did not wait itself. */
function isShutAtOnce(t: Timeline): Check {
  return claimed("the sending side is shut at once: FIN-WAIT-1", inState(t, ended, "server", "FIN-WAIT-1"));
}

/** More than the kernel takes while the client does not read. */
const large = 16 * 1024 * 1024;

const othersWriteIsWaiting: Case = {
  name: "the other process is in the middle of a large write, which the client does not read",
  async experiment(lab) {
    const process = await lab.process({ name: "child", host: "server" });
    const { client, server: parent } = await lab.connect({
      client: { allowHalfOpen: true, pauseOnConnect: true, reading: "none" },
      server: { allowHalfOpen: true, pauseOnConnect: true },
    });
    const child = await parent.give(process, { keepOpen: true });
    await child.write(large);
    await client.hasUnread(1);
    await lab.reading("writing");
    await parent.end();
    await parent.saw("finish");
    await lab.reading(ended);
    await client.read();
    await client.resume();
    await client.saw("end");
    await child.saw(["written", "error"]);
    await lab.reading(afterwards);
  },
  question: (t) => [
    given(
      "what was written waits in the kernel",
      queueAt(t, "writing", "server", "sendQ", (unsent) => unsent > 0),
    ),
    isShutAtOnce(t),
    cannotWrite(t, child),
  ],
};

const ownWriteIsWaiting: Case = {
  name: "end() comes after a large write of the same process, which the client does not read: Node puts the shutdown off",
  async experiment(lab) {
    const process = await lab.process({ name: "child", host: "server" });
    const { client, server: parent } = await lab.connect({
      client: { allowHalfOpen: true, pauseOnConnect: true, reading: "none" },
      server: { allowHalfOpen: true, pauseOnConnect: true },
    });
    await parent.give(process, { keepOpen: true });
    await parent.write(large);
    await parent.end();
    await client.hasUnread(1);
    await lab.reading("waiting");
    await lab.reading(ended);
  },
  question: (t) => [
    given(
      "what was written waits in the kernel",
      queueAt(t, ended, "server", "sendQ", (unsent) => unsent > 0),
    ),
    isShutAtOnce(t),
  ],
};

export const shutdownIsForAll: Claim = {
  address: "sharing/shutdown-is-for-all",
  statement: {
    en: "Shutting down the sending side acts at once, however many processes hold the socket: the FIN is sent and none of them can write any more; all can still read.",
    zh: "关闭发送方向立即生效，不管有多少进程持有该套接字：FIN 随即发出，所有进程都不能再写，但都还能读。",
  },
  sources: [
    ...notes("N4"),
    manual("shutdown(2)"),
    rfc9293("3.6"),
    nodeSend,
    nodeNet("socketenddata-encoding-callback"),
  ],
  cases: [
    oneEnds("the process that accepted calls end(), its child reads and writes", "parent"),
    oneEnds("the child calls end(), the process that accepted reads and writes", "child"),
    othersWriteIsWaiting,
    ownWriteIsWaiting,
  ],
};
