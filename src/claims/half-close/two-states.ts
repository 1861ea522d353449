import type { Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";

export const twoStates: Claim = {
  address: "half-close/two-states",
  statement: {
    en: "A half-closed connection is in FIN-WAIT-2 at the side that closed and in CLOSE-WAIT at the other.",
    zh: "半关闭的连接，先关闭的一方处于 FIN-WAIT-2，另一方处于 CLOSE-WAIT。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.6"), nodeNet("socketenddata-encoding-callback")],
  cases: [
    {
      name: "the client ends, the server keeps its side open",
      async experiment(lab) {
        const { client, server } = await lab.connect({ server: { allowHalfOpen: true } });
        await client.end();
        await client.reaches("FIN-WAIT-2");
        await server.saw("end");
        await lab.reading("half-closed");
      },
      question: (t) => [
        given("the server's runtime has seen the end", sawEvent(t, "server", "end")),
        claimed("the client is in FIN-WAIT-2", inState(t, "half-closed", "client", "FIN-WAIT-2")),
        claimed("the server is in CLOSE-WAIT", inState(t, "half-closed", "server", "CLOSE-WAIT")),
      ],
    },
    {
      name: "the server ends, the client keeps its side open",
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await server.end();
        await client.saw("end");
        await server.reaches("FIN-WAIT-2");
        await lab.reading("half-closed");
      },
      question: (t) => [
        given("the client's runtime has seen the end", sawEvent(t, "client", "end")),
        claimed("the server is in FIN-WAIT-2", inState(t, "half-closed", "server", "FIN-WAIT-2")),
        claimed("the client is in CLOSE-WAIT", inState(t, "half-closed", "client", "CLOSE-WAIT")),
      ],
    },
    {
      name: "the ACK of the FIN is lost",
      async experiment(lab) {
        const { client, server } = await lab.connect({ server: { allowHalfOpen: true } });
        await using lost = await lab.lose("ACK of FIN", { from: server });
        await client.end();
        await server.saw("end");
        await lab.reading("half-closed");
        await lost.lift();
      },
      question: (t) => [
        given("the server's runtime has seen the end", sawEvent(t, "server", "end")),
        claimed("the client is in FIN-WAIT-2", inState(t, "half-closed", "client", "FIN-WAIT-2")),
        claimed("the server is in CLOSE-WAIT", inState(t, "half-closed", "server", "CLOSE-WAIT")),
      ],
    },
  ],
};
