import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import type { Pair } from "../../lab/session-options.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";

export const noTimeWait: Claim = {
  address: "reset/no-time-wait",
  statement: {
    en: "RST ends the connection at once: neither side waits, there is no TIME-WAIT.",
    zh: "RST 立即终止连接：双方都不再等待，没有 TIME-WAIT。",
  },
  sources: [...notes("N3"), rfc9293("3.5.3"), rfc9293("3.10.5"), rfc9293("3.10.7.4"), nodeNet("socketresetanddestroy")],
  cases: [
    { name: "the client calls resetAndDestroy()", ...reset(({ client }) => client.resetAndDestroy(), "server") },
    { name: "the server calls resetAndDestroy()", ...reset(({ server }) => server.resetAndDestroy(), "client") },
    {
      name: "the server destroys a socket with unread data",
      ...reset(({ server }) => server.destroy(), "client", leaveUnread, { pauseOnConnect: true }),
    },
    {
      name: "the closer resets in FIN-WAIT-2",
      ...reset(
        ({ client }) => client.resetAndDestroy(),
        "server",
        async ({ client }) => {
          await client.end();
          await client.reaches("FIN-WAIT-2");
        },
      ),
    },
    {
      name: "the closer is reset in FIN-WAIT-2",
      ...reset(
        ({ server }) => server.resetAndDestroy(),
        "client",
        async ({ client }) => {
          await client.end();
          await client.reaches("FIN-WAIT-2");
        },
      ),
    },
    {
      name: "the RST is lost",
      async experiment(lab) {
        const { client } = await lab.connect();
        await lab.reading("before");
        await using lost = await lab.lose("RST", { from: client });
        await client.resetAndDestroy();
        await lost.catches();
        await lab.elapse(500, "longer than a lost FIN would take to be sent again");
        await lab.reading("reset");
        await lost.lift();
      },
      question: (t) => [
        given("the client had a socket", inState(t, "before", "client", "ESTABLISHED")),
        given("so had the server", inState(t, "before", "server", "ESTABLISHED")),
        claimed("the client has no socket", inState(t, "reset", "client", "CLOSED")),
        claimed("the server has no socket", inState(t, "reset", "server", "CLOSED")),
      ],
    },
  ],
};

async function leaveUnread({ client, server }: Pair): Promise<void> {
  await client.write(5);
  await server.hasUnread(5);
}

/** `hit` is the side that the RST arrives at. */
function reset(
  act: (pair: Pair) => Promise<void>,
  hit: "client" | "server",
  before: (pair: Pair) => Promise<unknown> = () => Promise.resolve(),
  server: ListenOptions = {},
): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const pair = await lab.connect({
        client: { allowHalfOpen: true },
        server: { allowHalfOpen: true, ...server },
      });
      await before(pair);
      await lab.reading("before");
      await act(pair);
      await orLate(pair[hit].reaches("CLOSED"));
      await lab.reading("reset");
    },
    question: (t) => [
      given("the client had a socket", inState(t, "before", "client", ["ESTABLISHED", "FIN-WAIT-2"])),
      given("so had the server", inState(t, "before", "server", ["ESTABLISHED", "CLOSE-WAIT"])),
      claimed("the client has none after", inState(t, "reset", "client", "CLOSED")),
      claimed("nor has the server", inState(t, "reset", "server", "CLOSED")),
    ],
  };
}
