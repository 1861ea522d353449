import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { closes, connectPair, connectSides, leaves, otherSide, type Side } from "../shared/sides.ts";
import { manual, notes, rfc9293 } from "../sources.ts";

const talking: Case = {
  name: "both sides write and read",
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await client.write(1000);
    await server.received(1000);
    await server.write(1000);
    await client.received(1000);
    await lab.reading("talking");
  },
  question: (t) => [
    given("the server has read what the client wrote", sawEvent(t, "server", "data")),
    given("the client has read what the server wrote", sawEvent(t, "client", "data")),
    claimed("the client, which talks, is ESTABLISHED", inState(t, "talking", "client", "ESTABLISHED")),
    claimed("the server, which talks, is ESTABLISHED", inState(t, "talking", "server", "ESTABLISHED")),
  ],
};

function closesFirst(side: Side): Case {
  const other = otherSide(side);
  return {
    name: `the ${side} closes first, the ${other} later`,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, side);
      await closes(active, "end");
      await passive.saw("end");
      await lab.reading("closed by one");
      await closes(passive, "end");
      await active.saw("end");
      await leaves(active, "FIN-WAIT-2");
      await lab.reading("closed by both");
    },
    question: (t) => [
      given(`the ${other} has seen the ${side}'s end`, sawEvent(t, other, "end", { by: "closed by one" })),
      claimed(
        `the ${other}, which was closed upon, is in CLOSE-WAIT`,
        inState(t, "closed by one", other, "CLOSE-WAIT"),
      ),
      claimed(`the ${side}, which closed, is in TIME-WAIT`, inState(t, "closed by both", side, "TIME-WAIT")),
    ],
  };
}

const bothAtOnce: Case = {
  name: "both close at once: the FINs pass each other",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    const clientsFin = await lab.lose("FIN", { from: client });
    const serversFin = await lab.lose("FIN", { from: server });
    await Promise.all([closes(client, "end"), closes(server, "end")]);
    await lab.reading("closed by both");
    await Promise.all([clientsFin.lift(), serversFin.lift()]);
    await Promise.all([client.saw("close"), server.saw("close")]);
    await Promise.all([client.reaches(["TIME-WAIT", "CLOSED"]), server.reaches(["TIME-WAIT", "CLOSED"])]);
    await lab.reading("both FINs have come");
  },
  question: (t) => [
    given("the client closed before the server's FIN came", inState(t, "closed by both", "client", "FIN-WAIT-1")),
    given("the server closed before the client's FIN came", inState(t, "closed by both", "server", "FIN-WAIT-1")),
    claimed("the client, which closed, is in TIME-WAIT", inState(t, "both FINs have come", "client", "TIME-WAIT")),
    claimed("the server, which closed, is in TIME-WAIT", inState(t, "both FINs have come", "server", "TIME-WAIT")),
  ],
};

const peerIsGone: Case = {
  name: "the peer is gone, and the RST that would tell is lost",
  async experiment(lab) {
    const { server } = await lab.connect();
    await using _reset = await lab.lose("RST", { from: server });
    await server.resetAndDestroy();
    await server.saw("close");
    await lab.reading("the peer is gone");
  },
  question: (t) => [
    given("the client is ESTABLISHED", inState(t, "the peer is gone", "client", "ESTABLISHED")),
    claimed("it talks with a server that is ESTABLISHED too", inState(t, "the peer is gone", "server", "ESTABLISHED")),
  ],
};

const halfClosedTalk: Case = {
  name: "one side has closed and is still sent data, which it reads",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await closes(client, "end");
    await server.saw("end");
    await server.write(1000);
    await client.received(1000);
    await lab.reading("talking");
  },
  question: (t) => [
    given("the client has read what the server wrote", sawEvent(t, "client", "data")),
    claimed("the client, which is talked to, is ESTABLISHED", inState(t, "talking", "client", "ESTABLISHED")),
    claimed("the server, which talks, is ESTABLISHED", inState(t, "talking", "server", "ESTABLISHED")),
  ],
};

const resets: Case = {
  name: "one side closes with a reset",
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await client.resetAndDestroy();
    await server.saw("close");
    await lab.reading("reset");
  },
  question: (t) => [
    given("the server was closed upon", sawEvent(t, "server", "close")),
    claimed("the client, which closed, is in TIME-WAIT", inState(t, "reset", "client", "TIME-WAIT")),
    claimed("the server, which was closed upon, is in CLOSE-WAIT", inState(t, "reset", "server", "CLOSE-WAIT")),
  ],
};

export const commonStates: Claim = {
  address: "close/common-states",
  statement: {
    en: "The three most common states tell the roles: ESTABLISHED is a connection that is talking, TIME-WAIT the side that closed it, CLOSE-WAIT the side that was closed upon.",
    zh: "最常见的三个状态说明各自的角色：ESTABLISHED 是正在通信的连接，TIME-WAIT 是主动关闭的一方，CLOSE-WAIT 是被动关闭的一方。",
  },
  sources: [...notes("N1"), rfc9293("3.3.2"), rfc9293("3.5.1"), manual("ss(8)")],
  cases: [talking, closesFirst("client"), closesFirst("server"), bothAtOnce, halfClosedTalk, peerIsGone, resets],
};
