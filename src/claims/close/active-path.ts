import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, passedThrough, queueAt } from "../../judge/states.ts";
import { wentThrough } from "../../judge/transitions.ts";
import { orLate } from "../../lab/deadline.ts";
import { closes, closesHalf, connectPair, leaves, otherSide } from "../shared/sides.ts";
import { timeWaitMs } from "../shared/time-wait.ts";
import { ipSysctl, nodeNet, notes, rfc9293 } from "../sources.ts";
import { type Closing, closeInSteps, closeOrdinarily, steps } from "./in-steps.ts";

const path = ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED"] as const;

const afterTimeWait = "TIME-WAIT is over";

/** The whole path, each state held and read. */
function wholePath(name: string, closing: Closing): Case {
  const { active: side } = closing;
  return {
    name,
    timerMs: timeWaitMs,
    async experiment(lab) {
      const { active } = await closeInSteps(lab, closing);
      await lab.elapse(timeWaitMs, "TIME-WAIT lasts 2·MSL, on Linux a minute");
      await orLate(active.reaches("CLOSED", { within: 30_000 }));
      await lab.reading(afterTimeWait);
    },
    question: (t) => [
      given(`the ${otherSide(side)}'s runtime has seen the end`, sawEvent(t, otherSide(side), "end")),
      claimed("ESTABLISHED before it closes", inState(t, steps.connected, side, "ESTABLISHED")),
      claimed("FIN-WAIT-1 while its FIN is on its way", inState(t, steps.firstFinOnItsWay, side, "FIN-WAIT-1")),
      claimed("FIN-WAIT-2 once that is acknowledged", inState(t, steps.firstFinAcknowledged, side, "FIN-WAIT-2")),
      claimed("TIME-WAIT once the peer's FIN has come", inState(t, steps.secondFinUnacknowledged, side, "TIME-WAIT")),
      claimed("CLOSED after that", inState(t, afterTimeWait, side, "CLOSED")),
      claimed("in this order", passedThrough(t, side, path)),
    ],
  };
}

const bothAtOnce: Case = {
  name: "the peer closes too, before the first FIN has reached it",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await lab.reading("connected");
    await using lost = await lab.lose("FIN", { from: client });
    await closes(client, "end");
    await lab.reading("the client's FIN is on its way");
    await closes(server, "end");
    await client.saw("end");
    await lab.reading("the server's FIN has come first");
    await lost.lift();
    await leaves(client, "CLOSING");
    await lab.reading("both FINs have come");
  },
  question: (t) => [
    given("the client has sent a FIN", inState(t, "the client's FIN is on its way", "client", "FIN-WAIT-1")),
    given("the client's runtime has seen the server's end", sawEvent(t, "client", "end")),
    claimed(
      "the client goes from FIN-WAIT-1 through FIN-WAIT-2 to TIME-WAIT",
      passedThrough(t, "client", path.slice(0, 4)),
    ),
  ],
};

/** RFC 9293, figure 5, note 2 draws an arrow of its own for it. Linux looks at the ACK first and then at the FIN. */
const acknowledgedByFin: Case = {
  name: "the ACK of its FIN comes only with the peer's FIN",
  needs: { tracepoint: true },
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await lab.reading("connected");
    await using _bareAck = await lab.lose("bare ACK", { from: server });
    const fin = await lab.lose("FIN", { from: server });
    await closes(client, "end");
    await server.saw("end");
    // Its FIN sent again is answered by an ACK at once, if the first one was not.
    await client.resends();
    await lab.reading("nothing has answered");
    await fin.lift();
    await client.saw("end");
    await leaves(client, "FIN-WAIT-1");
    await lab.reading("the server's FIN has answered");
  },
  question: (t) => [
    given("the client waited for an answer", inState(t, "nothing has answered", "client", "FIN-WAIT-1")),
    given("the server's FIN has come", sawEvent(t, "client", "end")),
    claimed(
      "the kernel takes the client's socket from FIN-WAIT-1 through FIN-WAIT-2 until it gives it up",
      wentThrough(t, "client", ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSED"]),
    ),
    claimed("what is left of it is in TIME-WAIT", inState(t, "the server's FIN has answered", "client", "TIME-WAIT")),
  ],
};

const ordinary: Case = {
  name: "an ordinary close, nothing lost and nothing held",
  needs: { tracepoint: true },
  experiment: (lab) => closeOrdinarily(lab, "closed"),
  question: (t) => [
    given("the server answers with its own FIN", wentThrough(t, "server", ["CLOSE-WAIT", "LAST-ACK"])),
    claimed(
      "the kernel takes the client's socket from ESTABLISHED through FIN-WAIT-1 and FIN-WAIT-2 until it gives it up",
      wentThrough(t, "client", ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSED"]),
    ),
    claimed("what is left of it is in TIME-WAIT", inState(t, "closed", "client", "TIME-WAIT")),
  ],
};

const resetAtOnce: Case = {
  name: "it closes with destroy() and leaves data unread",
  async experiment(lab) {
    const { client, server } = await lab.connect({ server: { pauseOnConnect: true, reading: "none" } });
    await client.write(1000);
    await server.hasUnread(1000);
    await lab.reading("connected");
    await closes(server, "destroy");
    await client.saw("error");
    await lab.reading("closed");
  },
  question: (t) => [
    given("the server was connected", inState(t, "connected", "server", "ESTABLISHED")),
    given(
      "data lies unread",
      queueAt(t, "connected", "server", "recvQ", (unread) => unread >= 1000),
    ),
    claimed(
      "the server, which closed first, comes to TIME-WAIT",
      inState(t, "closed", "server", ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]),
    ),
  ],
};

const resetByPeer: Case = {
  name: "the peer answers its FIN with a reset",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server);
    await lab.reading("half-closed");
    await server.resetAndDestroy();
    await client.saw("close");
    await lab.reading("reset");
  },
  question: (t) => [
    given("the client waited for the peer's FIN", inState(t, "half-closed", "client", "FIN-WAIT-2")),
    claimed("the client comes to TIME-WAIT after FIN-WAIT-2", inState(t, "reset", "client", "TIME-WAIT")),
  ],
};

const orphanTimeout: Case = {
  name: "the peer never ends, after destroy(), with tcp_fin_timeout 60 → 1 s",
  needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
  timerMs: 1000,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server, "destroy");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading("timed out");
  },
  question: (t) => [
    given(
      "the client's FIN has come, the server has not sent its own",
      inState(t, "timed out", "server", "CLOSE-WAIT"),
    ),
    claimed("the client comes to TIME-WAIT after FIN-WAIT-2", inState(t, "timed out", "client", "TIME-WAIT")),
  ],
};

export const activePath: Claim = {
  address: "close/active-path",
  statement: {
    en: "The side that closes first goes from ESTABLISHED through FIN-WAIT-1, FIN-WAIT-2 and TIME-WAIT to CLOSED.",
    zh: "先关闭的一方依次经过 ESTABLISHED、FIN-WAIT-1、FIN-WAIT-2、TIME-WAIT，最后到 CLOSED。",
  },
  sources: [
    ...notes("N0", "N1", "N3", "N4"),
    rfc9293("3.3.2"),
    rfc9293("3.6"),
    rfc9293("3.6.1"),
    ipSysctl("tcp_fin_timeout"),
    nodeNet("socketenddata-encoding-callback"),
    nodeNet("socketdestroyerror"),
  ],
  cases: [
    wholePath("the client closes first with end()", { active: "client" }),
    wholePath("the server closes first with end()", { active: "server" }),
    wholePath("the client closes first with destroy()", { active: "client", first: "destroy" }),
    wholePath("the server closes first with destroy()", { active: "server", first: "destroy" }),
    wholePath("the client closes first with end(), over IPv6", { active: "client", family: 6 }),
    ordinary,
    bothAtOnce,
    acknowledgedByFin,
    resetAtOnce,
    resetByPeer,
    orphanTimeout,
  ],
};
