import type { Case, Claim } from "../../experiment/claim.ts";
import { allOf, not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { closes, connectPair, connectSides, leaves, otherSide, type Side } from "../shared/sides.ts";
import { manual, notes, rfc1122, rfc9293 } from "../sources.ts";
import { type Closing, closeHalf, closeOther } from "./closing.ts";

const labels = { half: "one side has closed", whole: "both sides have closed" } as const;

function onlyTheFirst(t: Timeline, first: Side): Check[] {
  const second = otherSide(first);
  return [
    claimed(`the ${first}, which closed first, is in TIME-WAIT`, inState(t, labels.whole, first, "TIME-WAIT")),
    claimed(`the ${second}, which closed second, is not`, not(inState(t, labels.whole, second, "TIME-WAIT"))),
  ];
}

function oneAfterTheOther(name: string, closing: Closing): Case {
  const second = otherSide(closing.active);
  return {
    name,
    async experiment(lab) {
      const sides = await closeHalf(lab, closing);
      await lab.reading(labels.half);
      await closeOther(sides);
      await leaves(sides.passive, "LAST-ACK");
      await lab.reading(labels.whole);
    },
    question: (t) => [
      given(`the ${second} had the FIN before it closed`, inState(t, labels.half, second, "CLOSE-WAIT")),
      ...onlyTheFirst(t, closing.active),
    ],
  };
}

const killed: Case = {
  name: "the server's process is killed, the client closes then",
  async experiment(lab) {
    const process = await lab.process({ host: "server" });
    const { client, server } = await lab.connect({ client: { allowHalfOpen: true }, server: { process } });
    await process.kill();
    await client.saw("end");
    await leaves(server, "FIN-WAIT-1");
    await lab.reading(labels.half);
    await closeOther({ active: server, passive: client });
    await leaves(client, "LAST-ACK");
    await lab.reading(labels.whole);
  },
  question: (t) => [
    given("the client had the FIN before it closed", inState(t, labels.half, "client", "CLOSE-WAIT")),
    ...onlyTheFirst(t, "server"),
  ],
};

const atOnce: Case = {
  name: "both close at once: neither FIN has come when the other is sent",
  needs: { exclusive: true },
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using clientsHold = await lab.hold({ from: client });
    await using serversHold = await lab.hold({ from: server });
    await Promise.all([closes(client, "end"), closes(server, "end")]);
    await lab.reading(labels.half);
    await clientsHold.release();
    await serversHold.release();
    for (const side of [client, server]) {
      await leaves(side, "FIN-WAIT-1");
      await leaves(side, "CLOSING");
    }
    await lab.reading(labels.whole);
  },
  question: (t) => [
    given("the client has sent its FIN", inState(t, labels.half, "client", "FIN-WAIT-1")),
    given("so has the server, before that came", inState(t, labels.half, "server", "FIN-WAIT-1")),
    claimed(
      "only one of them is in TIME-WAIT",
      not(allOf(inState(t, labels.whole, "client", "TIME-WAIT"), inState(t, labels.whole, "server", "TIME-WAIT"))),
    ),
  ],
};

const firstFinLost: Case = {
  name: "the client closes first and its FIN is lost until the server has closed too",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    const fin = await lab.lose("FIN", { from: client });
    await closes(client, "end");
    await lab.reading(labels.half);
    await closes(server, "end");
    await client.saw("end");
    await leaves(server, "FIN-WAIT-1");
    await fin.lift();
    await leaves(client, "CLOSING");
    await leaves(server, "FIN-WAIT-2");
    await lab.reading(labels.whole);
  },
  question: (t) => [
    given("the client had closed when the server had not", inState(t, labels.half, "server", "ESTABLISHED")),
    ...onlyTheFirst(t, "client"),
  ],
};

const unread: Case = {
  name: "the side that closes first has data unread",
  async experiment(lab) {
    const { client, server } = await lab.connect({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true, pauseOnConnect: true },
    });
    await client.write(5);
    await server.hasUnread(5);
    await lab.reading(labels.half);
    await server.destroy();
    await client.saw("close");
    await lab.reading(labels.whole);
  },
  question: (t) => [
    given(
      "there is data unread",
      queueAt(t, labels.half, "server", "recvQ", (bytes) => bytes > 0),
    ),
    ...onlyTheFirst(t, "server"),
  ],
};

const tooLate: Case = {
  name: "the client destroys its socket, the server closes after tcp_fin_timeout (60 → 1 s)",
  needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
  timerMs: 1_000,
  async experiment(lab) {
    const sides = await connectSides(lab, "client");
    await closes(sides.active, "destroy");
    await sides.passive.saw("end");
    await sides.active.reaches("CLOSED");
    await lab.reading(labels.half);
    await closes(sides.passive, "end");
    await leaves(sides.passive, "LAST-ACK");
    await lab.reading(labels.whole);
  },
  question: (t) => [
    given("the server had the FIN before it closed", sawEvent(t, "server", "end", { by: labels.half })),
    ...onlyTheFirst(t, "client"),
  ],
};

export const onlyActive: Claim = {
  address: "time-wait/only-active",
  statement: {
    en: "TIME-WAIT is where the connection was closed first, and only there.",
    zh: "TIME-WAIT 出现在主动关闭（先关闭）的一方，也只出现在这一方。",
  },
  sources: [
    ...notes("N0", "N1", "N4"),
    rfc9293("3.3.2"),
    rfc9293("3.6"),
    rfc1122("4.2.2.13"),
    manual("tcp(7)", "tcp_fin_timeout"),
  ],
  cases: [
    oneAfterTheOther("the client closes first, with end()", { active: "client" }),
    oneAfterTheOther("the server closes first, with end()", { active: "server" }),
    oneAfterTheOther("the client closes first, with destroy()", { active: "client", way: "destroy" }),
    oneAfterTheOther("the client closes first, over IPv6", { active: "client", family: 6 }),
    killed,
    atOnce,
    firstFinLost,
    unread,
    tooLate,
  ],
};
