import type { Case, Claim } from "../../experiment/claim.ts";
import { compared, measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent } from "../../judge/runtime.ts";
import type { EventFact } from "../../model/fact.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";

export const meansReconnect: Claim = {
  address: "reset/means-reconnect",
  statement: {
    en: "RST asks the peer to open the connection anew.",
    zh: "RST 表示要求对方重新建立连接。",
  },
  sources: [
    ...notes("N0"),
    rfc9293("3.5.2"),
    rfc9293("3.5.3"),
    nodeNet("socketresetanddestroy"),
    nodeNet("event-close_1"),
  ],
  cases: [
    { name: "a client that is reset and left to itself, though a new connection would work", ...leftToItself() },
    {
      name: "a client that is refused and left to itself",
      // The counter is the whole host's.
      needs: { exclusive: true },
      timerMs: 1_500,
      async experiment(lab) {
        const listener = await lab.listen();
        await listener.close();
        const client = await lab.attempt(listener);
        await client.saw(["connect", "error"]);
        await lab.counter(attempts, "refused", { host: "client" });
        await lab.elapse(1_500, "the client has the time to send its SYN again, which takes a second");
        await lab.counter(attempts, "later", { host: "client" });
      },
      question: (t) => [
        given("its program gets ECONNREFUSED", sawEvent(t, "client", "error", { where: is("ECONNREFUSED") })),
        claimed(
          "the client tries again",
          compared(t, opened("refused"), opened("later"), (before, after) => after > before),
        ),
      ],
    },
  ],
};

/** Every connect() of the host, whatever came of it. */
const attempts = "TcpActiveOpens";
const opened = (label: string) => ({ name: attempts, label });

const is =
  (wanted: string) =>
  ({ code }: EventFact["detail"]) =>
    code === wanted;

function leftToItself(): Pick<Case, "timerMs" | "experiment" | "question"> {
  return {
    timerMs: 1_500,
    async experiment(lab) {
      const { client, server, listener } = await lab.connect();
      await server.resetAndDestroy();
      await client.saw("close");
      await lab.elapse(1_500, "the client has the time to open the connection anew");
      await lab.reading("later");
      listener.countAccepted("later");
      const again = await lab.connect({ server: listener });
      await again.client.write(5);
      await again.server.received(5);
      await lab.reading("opened by the program");
    },
    question: (t) => [
      given("its program gets ECONNRESET", sawEvent(t, "client", "error", { where: is("ECONNRESET") })),
      given(
        "and 'close' after an error",
        sawEvent(t, "client", "close", { where: ({ hadError }) => hadError === true }),
      ),
      given(
        "the server would take a new connection: the program opens one, and it carries data",
        received(t, "server-2", "opened by the program", (bytes) => bytes === 5),
      ),
      claimed(
        "a second connection comes by itself",
        measured(t, { name: "accepted connections", label: "later" }, (accepted) => accepted > 1),
      ),
    ],
  };
}
