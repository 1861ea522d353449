import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { TcpState } from "../../model/state.ts";
import { closes, closesHalf, connectPair, leaves } from "../shared/sides.ts";
import { manual, notes, rfc9293 } from "../sources.ts";

const moment = "the moment";

/** A case that brings one endpoint into a state and reads it there. */
function seen(state: TcpState, endpoint: EndpointName, how: string, experiment: Case["experiment"]): Case {
  return {
    name: `${state}: ${how}`,
    experiment,
    question: (t) => [claimed(`ss shows the ${endpoint} in ${state}`, inState(t, moment, endpoint, state))],
  };
}

const opening: readonly Case[] = [
  seen("LISTEN", "listener", "a server waits for connections", async (lab) => {
    await lab.listen();
    await lab.reading(moment);
  }),
  seen("SYN-SENT", "client", "the SYN is lost", async (lab) => {
    const listener = await lab.listen();
    await using _syn = await lab.lose("SYN", { to: listener });
    const client = await lab.attempt(listener);
    await leaves(client, "CLOSED");
    await lab.reading(moment);
  }),
  seen("SYN-RECEIVED", "server", "the third segment of the handshake is lost", async (lab) => {
    const listener = await lab.listen();
    await using _ack = await lab.lose("handshake ACK", { to: listener });
    const client = await lab.attempt(listener);
    await client.saw("connect");
    await lab.reading(moment);
  }),
  seen("ESTABLISHED", "client", "a connection is open", async (lab) => {
    await lab.connect();
    await lab.reading(moment);
  }),
];

const closing: readonly Case[] = [
  seen("FIN-WAIT-1", "client", "the client has closed, its FIN is lost", async (lab) => {
    const { client } = await connectPair(lab);
    await using _fin = await lab.lose("FIN", { from: client });
    await closes(client, "end");
    await lab.reading(moment);
  }),
  seen("FIN-WAIT-2", "client", "the client has closed, the server has not", async (lab) => {
    const { client, server } = await connectPair(lab);
    await closesHalf(client, server);
    await lab.reading(moment);
  }),
  seen("CLOSE-WAIT", "server", "the client has closed, the server has not", async (lab) => {
    const { client, server } = await connectPair(lab);
    await closes(client, "end");
    await server.saw("end");
    await lab.reading(moment);
  }),
  seen("CLOSING", "client", "both have closed, the client's FIN is lost", async (lab) => {
    const { client, server } = await connectPair(lab);
    await using _fin = await lab.lose("FIN", { from: client });
    await closes(client, "end");
    await closes(server, "end");
    await client.saw("end");
    await lab.reading(moment);
  }),
  seen("LAST-ACK", "server", "the server has closed second, the last ACK is lost", async (lab) => {
    const { client, server } = await connectPair(lab);
    await closes(client, "end");
    await server.saw("end");
    await using _ack = await lab.lose("ACK of FIN", { from: client });
    await closes(server, "end");
    await client.saw("end");
    await lab.reading(moment);
  }),
  seen("TIME-WAIT", "client", "the client has closed first, then the server", async (lab) => {
    const { client, server } = await connectPair(lab);
    await closes(client, "end");
    await server.saw("end");
    await closes(server, "end");
    await client.saw("end");
    await leaves(client, "FIN-WAIT-2");
    await lab.reading(moment);
  }),
];

const gone: Case = {
  name: "CLOSED: ss lists a connection no more once it was reset",
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await lab.reading("open");
    await client.resetAndDestroy();
    await Promise.all([client.saw("close"), server.saw("close")]);
    await lab.reading(moment);
  },
  question: (t) => [
    given("ss had listed the client", inState(t, "open", "client", "ESTABLISHED")),
    given("ss had listed the server", inState(t, "open", "server", "ESTABLISHED")),
    claimed("nothing is left of the client", inState(t, moment, "client", "CLOSED")),
    claimed("nothing is left of the server", inState(t, moment, "server", "CLOSED")),
  ],
};

export const elevenStates: Claim = {
  address: "close/eleven-states",
  statement: {
    en: "Each of the eleven states of a TCP connection can be seen on a real socket.",
    zh: "TCP 连接的十一个状态，每一个都能在真实的套接字上看到。",
  },
  sources: [...notes("N1", "N4"), rfc9293("3.3.2"), manual("ss(8)")],
  cases: [...opening, ...closing, gone],
};
