import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import { fewRetries } from "../shared/few-retries.ts";
import { eachAcknowledged, sentAgain } from "../shared/fins.ts";
import {
  closes,
  closesHalf,
  connectPair,
  connectSides,
  leaves,
  otherSide,
  type Side,
  type WayToClose,
} from "../shared/sides.ts";
import { ipSysctl, notes, rfc6298, rfc9293 } from "../sources.ts";

const lost = "the last ACK is lost";
const healed = "nothing is lost any more";

interface Plan {
  readonly closer: Side;
  /** How the side that closes last lets go. */
  readonly way: WayToClose;
  readonly family?: 4 | 6;
  /** How many ACKs are lost at least: each FIN that is sent again brings forth another. */
  readonly losses?: number;
}

function ackLost(name: string, { closer, way, family = 4, losses = 2 }: Plan): Case {
  const peer = otherSide(closer);
  return {
    name,
    needs: { capture: true },
    timerMs: losses > 2 ? 1_600 : 400,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, closer, family);
      await closesHalf(active, passive);
      await using ack = await lab.lose("ACK of FIN", { from: active });
      await closes(passive, way);
      await leaves(active, "FIN-WAIT-2");
      await orLate(ack.catches(losses));
      await lab.reading(lost);
      await ack.lift();
      await orLate(leaves(passive, "LAST-ACK"));
      await lab.reading(healed);
    },
    question: (t) => [
      given(`the ${closer} has the FIN`, inState(t, lost, closer, "TIME-WAIT")),
      given(`the ${peer} does not know it`, inState(t, lost, peer, "LAST-ACK")),
      claimed("its FIN is sent again", sentAgain(t, peer, losses - 1)),
      claimed("each that comes is acknowledged", eachAcknowledged(t, peer, losses - 1)),
      claimed(`the ${peer} is closed once an ACK comes`, inState(t, healed, peer, "CLOSED")),
      claimed(`the ${closer} is in TIME-WAIT still`, inState(t, healed, closer, "TIME-WAIT")),
    ],
  };
}

const processGone: Case = {
  name: "the client's process is killed in TIME-WAIT",
  needs: { capture: true },
  timerMs: 400,
  async experiment(lab) {
    const process = await lab.process({ host: "client" });
    const { client, server } = await lab.connect({
      client: { process, allowHalfOpen: true },
      server: { allowHalfOpen: true },
    });
    await closesHalf(client, server);
    await using ack = await lab.lose("ACK of FIN", { from: client });
    await closes(server, "end");
    await leaves(client, "FIN-WAIT-2");
    await process.kill();
    // However many were lost before: one more is the answer to a FIN that came after the process was gone.
    await orLate(ack.catches((await ack.caught()) + 1));
    await lab.reading(lost);
    await ack.lift();
    await orLate(leaves(server, "LAST-ACK"));
    await lab.reading(healed);
  },
  question: (t) => [
    given("the client has the FIN", inState(t, lost, "client", "TIME-WAIT")),
    given("the server does not know it", inState(t, lost, "server", "LAST-ACK")),
    claimed("its FIN is sent again", sentAgain(t, "server")),
    claimed("each that comes is acknowledged, without a process", eachAcknowledged(t, "server", 1)),
    claimed("the server is closed once an ACK comes", inState(t, healed, "server", "CLOSED")),
  ],
};

const neverComes: Case = {
  name: "no ACK ever comes (tcp_orphan_retries 0, which is taken for 8, → 2: at least 102.2 → 1.4 s)",
  needs: { ...fewRetries, capture: true },
  timerMs: 3_500,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server);
    await using ack = await lab.lose("ACK of FIN", { from: client });
    await closes(server, "end");
    await leaves(client, "FIN-WAIT-2");
    await orLate(ack.catches(2));
    await lab.reading(lost);
    await lab.elapse(5_000, "more than twice the time that the retries stand for");
    await lab.reading(healed);
    await ack.lift();
  },
  question: (t) => [
    given("the client has the FIN", inState(t, lost, "client", "TIME-WAIT")),
    claimed("the FIN is sent again", sentAgain(t, "server")),
    claimed("the server goes on as long as no ACK has come", inState(t, healed, "server", "LAST-ACK")),
  ],
};

export const fourthAck: Claim = {
  address: "loss/fourth-ack",
  statement: {
    en: "If the last ACK is lost, the side in LAST-ACK sends its FIN again until it is acknowledged.",
    zh: "最后一个 ACK 丢失时，处于 LAST-ACK 的一方会不断重发 FIN，直到得到确认。",
  },
  sources: [
    ...notes("N0", "N1", "N3"),
    rfc9293("3.6"),
    rfc9293("3.10.7.4"),
    rfc6298("5"),
    ipSysctl("tcp_orphan_retries"),
  ],
  cases: [
    ackLost("the client closed first, the server answered with end()", { closer: "client", way: "end" }),
    ackLost("the server closed first, the client answered with end()", { closer: "server", way: "end" }),
    ackLost("the client closed first, the server answered with destroy()", { closer: "client", way: "destroy" }),
    ackLost("the client closed first, and four ACKs are lost, one after another", {
      closer: "client",
      way: "end",
      losses: 4,
    }),
    ackLost("the client closed first, over IPv6", { closer: "client", way: "end", family: 6 }),
    processGone,
    neverComes,
  ],
};
