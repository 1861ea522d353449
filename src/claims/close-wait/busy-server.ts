import type { Case, Claim } from "../../experiment/claim.ts";
import { countIn } from "../../judge/count.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Pair } from "../../lab/session-options.ts";
import { connectMany, each } from "../shared/crowd.ts";
import { notes, rfc9293 } from "../sources.ts";
import { blockedMs, endsUnaccepted, stillBlocked } from "./blocked.ts";

const many = 20;
const closing = ["LAST-ACK", "CLOSED"] as const;

export const busyServer: Claim = {
  address: "close-wait/busy-server",
  statement: {
    en: "A server under too much load to reach its close() leaves connections in CLOSE-WAIT; they go once it gets there.",
    zh: "服务器负载过高、来不及执行 close()，连接就停在 CLOSE-WAIT；等它执行到，这些连接随即消失。",
  },
  sources: [...notes("N3"), rfc9293("3.6")],
  cases: [
    {
      name: "an event loop blocked after it has accepted, Node's default close",
      ...blocked({}, () => Promise.resolve()),
    },
    {
      name: "an event loop blocked after it has accepted, allowHalfOpen: true and an end() that waits for the loop",
      ...blocked({ allowHalfOpen: true }, ({ server }) => server.end()),
    },
    {
      name: "an event loop blocked before it could accept",
      timerMs: blockedMs,
      async experiment(lab) {
        const { server, over } = await endsUnaccepted(lab);
        await lab.reading("blocked");
        await over;
        await orLate(server.reaches(closing));
        await lab.reading("free");
      },
      question: (t) => [
        given("the event loop is still blocked", stillBlocked(t, "blocked")),
        given("the client has closed", inState(t, "blocked", "client", ["FIN-WAIT-1", "FIN-WAIT-2"])),
        claimed("the connection is in CLOSE-WAIT meanwhile", inState(t, "blocked", "server", "CLOSE-WAIT")),
        claimed("it is gone once the server gets to it", inState(t, "free", "server", closing)),
      ],
    },
  ],
};

function blocked(
  options: { readonly allowHalfOpen?: boolean },
  close: (pair: Pair) => Promise<void>,
): Pick<Case, "timerMs" | "experiment" | "question"> {
  return {
    timerMs: blockedMs,
    async experiment(lab) {
      const worker = await lab.process({ host: "server" });
      const pairs = await connectMany(lab, many, { server: { process: worker, ...options } });
      const { over } = await worker.block(blockedMs);
      await each(pairs, ({ client }) => client.end());
      await each(pairs, ({ server }) => server.reaches("CLOSE-WAIT"));
      await lab.reading("blocked");
      await Promise.all([over, each(pairs, close)]);
      await each(pairs, ({ server }) => orLate(server.reaches(closing)));
      await lab.reading("free");
    },
    question: (t) => [
      given("the event loop is still blocked", stillBlocked(t, "blocked")),
      claimed(
        "the connections are in CLOSE-WAIT meanwhile",
        countIn(t, "blocked", "server", "CLOSE-WAIT", (count) => count === many),
      ),
      claimed(
        "none is left once the server gets to them",
        countIn(t, "free", "server", "CLOSE-WAIT", (count) => count === 0),
      ),
    ],
  };
}
