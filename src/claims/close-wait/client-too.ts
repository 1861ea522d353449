import type { Case, Claim } from "../../experiment/claim.ts";
import { countIn } from "../../judge/count.ts";
import { claimed, given } from "../../judge/question.ts";
import type { DialOptions } from "../../lab/session-options.ts";
import { connectMany, each } from "../shared/crowd.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";

const many = 20;
const requestBytes = 120;
const errorPageBytes = 300;

export const clientToo: Claim = {
  address: "close-wait/client-too",
  statement: {
    en: "A client leaks CLOSE-WAIT too: when the server answers with an error and closes first, and the client does not let go of its connections.",
    zh: "客户端也会泄漏 CLOSE-WAIT：服务器返回错误并先关闭，而客户端没有释放连接。",
  },
  sources: [...notes("N0"), rfc9293("3.6"), nodeNet("event-end")],
  cases: [
    {
      name: "a crawler with half-open sockets that reads the error page and forgets",
      ...crawl({ allowHalfOpen: true }),
    },
    { name: "a crawler that never reads the error page", ...crawl({ reading: "none" }) },
    { name: "a crawler with Node's default that reads the error page and forgets", ...crawl({}) },
  ],
};

/** 20 requests; the server reads each, answers with an error page, and closes. The client does nothing more. */
function crawl(client: DialOptions): Pick<Case, "timerMs" | "experiment" | "question"> {
  return {
    timerMs: 1_000,
    async experiment(lab) {
      const pairs = await connectMany(lab, many, { client });
      await each(pairs, ({ client }) => client.write(requestBytes));
      await each(pairs, ({ server }) => server.received(requestBytes));
      await each(pairs, ({ server }) => server.end(errorPageBytes));
      await each(pairs, ({ client }) => client.reaches(["CLOSE-WAIT", "LAST-ACK", "CLOSED"]));
      await lab.elapse(1_000, "the client has the time to let go");
      await lab.reading("later");
      await each(pairs, ({ client }) => client.destroy());
      await each(pairs, ({ client }) => client.saw("close"));
      await lab.reading("closed");
    },
    question: (t) => [
      given(
        "the server has closed all",
        countIn(t, "later", "server", "ESTABLISHED", (count) => count === 0),
      ),
      claimed(
        "the client's are in CLOSE-WAIT",
        countIn(t, "later", "client", "CLOSE-WAIT", (count) => count === many),
      ),
      claimed(
        "until it lets go",
        countIn(t, "closed", "client", "CLOSE-WAIT", (count) => count === 0),
      ),
    ],
  };
}
