import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { HttpClient, type HttpClientOptions } from "../../lab/http-client.ts";
import type { HttpServerOptions } from "../../lab/http-server.ts";
import type { Session } from "../../lab/session.ts";
import { nodeHttp, notes, rfc9112 } from "../sources.ts";
import { countable, countTimeWaits, timeWaitsInAll } from "./counted.ts";

const many = 100;
/** In place of 5 s: a server that loses patience is not what these cases are about. */
const keepAliveTimeout = 60_000;

export const keepAliveHelps: Claim = {
  address: "time-wait/keep-alive-helps",
  statement: {
    en: "Using HTTP connections again (keep-alive) avoids TIME-WAIT: many requests leave none, where without it each leaves one.",
    zh: "复用 HTTP 连接（keep-alive）可以避免 TIME-WAIT：不复用时每个请求都留下一个，复用时大量请求一个也不留。",
  },
  sources: [
    ...notes("N3"),
    rfc9112("9.3"),
    nodeHttp("new-agentoptions"),
    nodeHttp("serverkeepalivetimeout"),
    nodeHttp("servermaxrequestspersocket"),
  ],
  cases: [
    { name: `${many} requests, one after another`, ...requests({}) },
    { name: `${many} requests, 20 at a time`, ...requests({ client: { atOnce: 20 } }) },
    {
      name: `${many} requests, 20 at a time, over no more than 5 connections (maxSockets)`,
      ...requests({ client: { atOnce: 20, maxSockets: 5 } }),
    },
    {
      name: `${many} requests, 20 at a time, of whose connections the client keeps one (maxFreeSockets)`,
      ...requests({ client: { atOnce: 20, maxFreeSockets: 1 } }),
    },
    {
      name: "10 requests, each later than the client keeps an idle connection",
      timerMs: 3_000,
      ...requests({ count: 10, client: { timeout: 100, gapMs: 300 } }),
    },
    {
      name: `${many} requests to a server that allows 10 on a connection (maxRequestsPerSocket)`,
      ...requests({ server: { maxRequestsPerSocket: 10 } }),
    },
    { name: `${many} requests to a server that closes after each`, ...requests({ server: { closes: true } }) },
  ],
};

interface Requests {
  readonly count?: number;
  readonly client?: HttpClientOptions;
  readonly server?: HttpServerOptions;
}

/** The same requests twice: each on a connection of its own, then by an http.Agent that keeps them. */
function requests({
  count = many,
  client = {},
  server = {},
}: Requests): Pick<Case, "needs" | "experiment" | "question"> {
  return {
    needs: countable,
    async experiment(lab) {
      await ask(lab, "without", count, { keepAlive: false, atOnce: client.atOnce ?? 1 }, {});
      await ask(lab, "with", count, { ...client, keepAlive: true }, { keepAliveTimeout, ...server });
    },
    question: (t) => [
      given(
        `without, the ${count} were answered`,
        measured(t, { name: "without: requests answered", label: "without" }, (answered) => answered === count),
      ),
      given(
        `with keep-alive, the ${count} were answered`,
        measured(t, { name: "with: requests answered", label: "with" }, (answered) => answered === count),
      ),
      claimed(
        "without, each has left a TIME-WAIT on one of the sides",
        timeWaitsInAll(t, "without", (waiting) => waiting >= count),
      ),
      claimed(
        "with keep-alive, none has",
        timeWaitsInAll(t, "with", (waiting) => waiting === 0),
      ),
    ],
  };
}

async function ask(
  lab: Session,
  name: string,
  count: number,
  client: HttpClientOptions,
  server: HttpServerOptions,
): Promise<void> {
  const listener = await lab.listen({ name: `server ${name}`, quiet: true, http: server });
  await new HttpClient(lab, listener, name, client).request(count, name);
  await countTimeWaits(lab, listener, name, client.keepAlive === false);
}
