import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, passedThrough, queueAt } from "../../judge/states.ts";
import { wentThrough } from "../../judge/transitions.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { closes, connectPair, leaves, otherSide, type Side } from "../shared/sides.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";
import { type Closing, closeInSteps, closeOrdinarily, steps } from "./in-steps.ts";

const path = ["ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"] as const;

/** The whole path, each state held and read. */
function wholePath(name: string, closing: Closing): Case {
  return {
    name,
    async experiment(lab) {
      await closeInSteps(lab, closing);
    },
    question: (t) => {
      const side = otherSide(closing.active);
      return [
        given(`the ${side}'s runtime has seen the end`, sawEvent(t, side, "end")),
        ...theStates(t, side, {
          before: steps.firstFinOnItsWay,
          closedUpon: steps.firstFinAcknowledged,
          closing: steps.secondFinUnacknowledged,
          closed: steps.secondFinAcknowledged,
        }),
      ];
    },
  };
}

const labels = {
  before: "before",
  closedUpon: "the peer has closed",
  closing: "it has closed too",
  closed: "nothing is lost any more",
} as const;

function theStates(t: Timeline, side: Side, at: Readonly<Record<keyof typeof labels, string>> = labels): Check[] {
  return [
    claimed("ESTABLISHED before the peer's FIN has come", inState(t, at.before, side, "ESTABLISHED")),
    claimed("CLOSE-WAIT once it has come", inState(t, at.closedUpon, side, "CLOSE-WAIT")),
    claimed("LAST-ACK once it closes too", inState(t, at.closing, side, "LAST-ACK")),
    claimed("CLOSED once that is answered", inState(t, at.closed, side, "CLOSED")),
    claimed("in this order", passedThrough(t, side, path)),
  ];
}

const answeredByNode: Case = {
  name: "Node answers the FIN by itself (allowHalfOpen: false), as soon as it reads",
  async experiment(lab) {
    const { client, server } = await lab.connect({ server: { pauseOnConnect: true, reading: "none" } });
    await lab.reading(labels.before);
    await client.end();
    await server.hasUnread(1);
    await lab.reading(labels.closedUpon);
    const lastAck = await lab.lose("ACK of FIN", { from: client });
    await server.resume();
    await server.saw("finish");
    await lab.reading(labels.closing);
    await lastAck.lift();
    await leaves(server, "LAST-ACK");
    await lab.reading(labels.closed);
  },
  question: (t) => [
    given("the server's runtime has seen the end", sawEvent(t, "server", "end")),
    ...theStates(t, "server"),
  ],
};

const killed: Case = {
  name: "the passive side's process is killed in CLOSE-WAIT",
  async experiment(lab) {
    const process = await lab.process({ host: "server" });
    const { client, server } = await lab.connect({ server: { process, allowHalfOpen: true } });
    await lab.reading(labels.before);
    await client.end();
    await server.saw("end");
    await lab.reading(labels.closedUpon);
    const lastAck = await lab.lose("ACK of FIN", { from: client });
    await process.kill();
    await client.saw("end");
    await lab.reading(labels.closing);
    await lastAck.lift();
    await leaves(server, "LAST-ACK");
    await lab.reading(labels.closed);
  },
  question: (t) => [
    given("the server's runtime had seen the end", sawEvent(t, "server", "end")),
    ...theStates(t, "server"),
  ],
};

const activeIsGone: Case = {
  name: "the active side is gone when the passive side closes, with tcp_fin_timeout 60 → 1 s",
  needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
  timerMs: 1000,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await lab.reading(labels.before);
    await closes(client, "destroy");
    await server.saw("end");
    await client.reaches("CLOSED");
    await lab.reading(labels.closedUpon);
    const reset = await lab.lose("RST", { from: client });
    await closes(server, "end");
    await lab.reading(labels.closing);
    await reset.lift();
    await leaves(server, "LAST-ACK");
    await lab.reading(labels.closed);
  },
  question: (t) => [
    given("the client is gone", inState(t, labels.closedUpon, "client", "CLOSED")),
    ...theStates(t, "server"),
  ],
};

const ordinary: Case = {
  name: "an ordinary close, nothing lost and nothing held",
  needs: { tracepoint: true },
  experiment: (lab) => closeOrdinarily(lab, labels.closed),
  question: (t) => [
    given("the client closes first", wentThrough(t, "client", ["ESTABLISHED", "FIN-WAIT-1"])),
    claimed(
      "the kernel takes the server's socket from ESTABLISHED through CLOSE-WAIT and LAST-ACK to CLOSED",
      wentThrough(t, "server", ["ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]),
    ),
    claimed("nothing is left of it", inState(t, labels.closed, "server", "CLOSED")),
  ],
};

const resets: Case = {
  name: "the passive side closes with destroy() and leaves data unread",
  async experiment(lab) {
    const { client, server } = await lab.connect({
      server: { allowHalfOpen: true, pauseOnConnect: true, reading: "none" },
    });
    await lab.reading(labels.before);
    await client.end(1000);
    await server.hasUnread(1001);
    await lab.reading(labels.closedUpon);
    // Whatever the server sends goes unanswered: a LAST-ACK would stay.
    const unanswered = await lab.lose("everything", { from: server });
    await closes(server, "destroy");
    await lab.reading(labels.closing);
    await unanswered.lift();
    await leaves(server, "LAST-ACK");
    await lab.reading(labels.closed);
  },
  question: (t) => [
    given(
      "data lies unread",
      queueAt(t, labels.closedUpon, "server", "recvQ", (bytes) => bytes > 1),
    ),
    ...theStates(t, "server"),
  ],
};

export const passivePath: Claim = {
  address: "close/passive-path",
  statement: {
    en: "The side that is closed upon goes from ESTABLISHED through CLOSE-WAIT and LAST-ACK to CLOSED.",
    zh: "被动关闭的一方依次经过 ESTABLISHED、CLOSE-WAIT、LAST-ACK，最后到 CLOSED。",
  },
  sources: [
    ...notes("N0", "N1", "N3", "N4"),
    rfc9293("3.3.2"),
    rfc9293("3.6"),
    rfc9293("3.6.1"),
    nodeNet("new-netsocketoptions"),
  ],
  cases: [
    wholePath("the server is closed upon and answers with end()", { active: "client" }),
    wholePath("the client is closed upon and answers with end()", { active: "server" }),
    wholePath("the server is closed upon and answers with destroy()", { active: "client", second: "destroy" }),
    wholePath("the client is closed upon and answers with destroy()", { active: "server", second: "destroy" }),
    wholePath("the server is closed upon and answers with end(), over IPv6", { active: "client", family: 6 }),
    ordinary,
    answeredByNode,
    killed,
    activeIsGone,
    resets,
  ],
};
