import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { EventFact } from "../../model/fact.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";

export const closedPort: Claim = {
  address: "reset/closed-port",
  statement: {
    en: "Whatever is sent to a port that nobody listens on, a SYN or data, is answered with RST.",
    zh: "向没有被监听的端口发送 SYN 或数据，都会收到 RST。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.5.2"),
    rfc9293("3.10.7.1"),
    manual("connect(2)", "ECONNREFUSED"),
    nodeNet("event-error_1"),
  ],
  cases: [
    { name: "a SYN", ...synToNobody("v4") },
    { name: "a SYN over IPv6", ...synToNobody("v6") },
    {
      name: "a SYN, and the RST is lost at first",
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await listener.close();
        await using lost = await lab.lose("RST", { from: listener });
        const client = await lab.attempt(listener);
        await lost.catches();
        await lab.reading("lost");
        await lost.lift();
        await client.saw(["connect", "error"]);
        await lab.reading("answered");
      },
      question: (t) => [
        given("nobody listens", inState(t, "answered", "listener", "CLOSED")),
        given("without the RST nothing is known", sawNoEvent(t, "client", "error", { until: "lost" })),
        claimed("the RST refuses the connection", sawEvent(t, "client", "error", { where: isRefused, by: "answered" })),
      ],
    },
    {
      name: "data over a connection whose server has stopped listening",
      async experiment(lab) {
        const { client, listener } = await lab.connect();
        await listener.close();
        await client.write(5);
        await client.end();
        await client.saw("close");
        await lab.reading("answered");
      },
      question: (t) => [
        given("nobody listens", inState(t, "answered", "listener", "CLOSED")),
        claimed(
          "the data is not taken",
          received(t, "server", "answered", (bytes) => bytes === 0),
        ),
        claimed("the client is reset", sawEvent(t, "client", "error", { where: isReset, by: "answered" })),
      ],
    },
    {
      name: "data over a connection that the other host has forgotten",
      async experiment(lab) {
        const { client, server, listener } = await lab.connect();
        await listener.close();
        await using lost = await lab.lose("RST", { from: server, times: 1 });
        await server.resetAndDestroy();
        await lost.catches();
        await lab.reading("forgotten");
        await lost.lift();
        await client.write(5);
        await orLate(client.saw(["error", "close"]));
        await lab.reading("answered");
      },
      question: (t) => [
        given("nobody listens", inState(t, "forgotten", "listener", "CLOSED")),
        given("the server has no socket", inState(t, "forgotten", "server", "CLOSED")),
        given("the client knows nothing of it", inState(t, "forgotten", "client", "ESTABLISHED")),
        claimed("the client is reset", sawEvent(t, "client", "error", { where: isReset, by: "answered" })),
      ],
    },
  ],
};

const isRefused = ({ code }: EventFact["detail"]) => code === "ECONNREFUSED";
const isReset = ({ code }: EventFact["detail"]) => code === "ECONNRESET";

function synToNobody(bind: "v4" | "v6"): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const listener = await lab.listen({ bind });
      await listener.close();
      const client = await lab.attempt(listener);
      await client.saw(["connect", "error"]);
      await lab.reading("answered");
    },
    question: (t) => [
      given("nobody listens", inState(t, "answered", "listener", "CLOSED")),
      claimed("the client is refused", sawEvent(t, "client", "error", { where: isRefused, by: "answered" })),
      claimed("its socket is gone", inState(t, "answered", "client", "CLOSED")),
    ],
  };
}
