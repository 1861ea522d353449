import type { Case, Claim } from "../../experiment/claim.ts";
import { countIn } from "../../judge/count.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { orLate } from "../../lab/deadline.ts";
import { HttpClient } from "../../lab/http-client.ts";
import type { HttpServerOptions } from "../../lab/http-server.ts";
import type { TcpState } from "../../model/state.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { connectMany, each } from "../shared/crowd.ts";
import { nodeHttp, notes, rfc9112 } from "../sources.ts";
import { countable, countTimeWaits, timeWaits } from "./counted.ts";

const few = 10;
const mostRequests = 3;
/** In place of 5 s, where the server is not to lose patience. */
const keepAliveTimeout = 60_000;
const request = "GET / HTTP/1.1\r\nHost: finwait\r\n\r\n";

export const httpServer: Claim = {
  address: "time-wait/http-server",
  statement: {
    en: "An HTTP server has connections in TIME-WAIT when keep-alive is off, when a kept connection has been idle for too long, and when one has served as many requests as it may.",
    zh: "HTTP 服务器出现 TIME-WAIT 有三种情形：没有使用 keep-alive、保持的连接空闲超时、单个连接的请求数达到上限。",
  },
  sources: [
    ...notes("N4"),
    rfc9112("9.3"),
    rfc9112("9.6"),
    nodeHttp("serverkeepalivetimeout"),
    nodeHttp("servermaxrequestspersocket"),
  ],
  cases: [
    {
      name: "the client asks for no keep-alive",
      ...served({ text: "GET / HTTP/1.1\r\nHost: finwait\r\nConnection: close\r\n\r\n" }),
    },
    { name: "a client of HTTP/1.0, which has no keep-alive", ...served({ text: "GET / HTTP/1.0\r\n\r\n" }) },
    { name: "the server answers that it will close", ...served({ http: { closes: true } }) },
    {
      name: "a kept connection is idle for longer than keepAliveTimeout (200 ms in place of 5 s)",
      // Node adds a second, so that a request under way is not cut off.
      timerMs: 1_200,
      ...served({ http: { keepAliveTimeout: 200 } }),
    },
    {
      // Node then says "Connection: close" in its answer, and leaves the close to the client.
      name: `a connection has served maxRequestsPerSocket, which is ${mostRequests}, and its client heeds the answer`,
      needs: countable,
      async experiment(lab) {
        const listener = await lab.listen({
          quiet: true,
          http: { maxRequestsPerSocket: mostRequests, keepAliveTimeout },
        });
        await new HttpClient(lab, listener, "agent", { keepAlive: true }).request(few * mostRequests, "served");
        await countTimeWaits(lab, listener, "later");
      },
      question: (t) => [
        given(
          `${few} connections have served as many as they may`,
          measured(t, { name: "agent: connections opened", label: "served" }, (count) => count === few),
        ),
        claimed(
          "all are in TIME-WAIT at the server",
          timeWaits(t, "later", "server", (count) => count === few),
        ),
        claimed(
          "none is at the client",
          timeWaits(t, "later", "client", (count) => count === 0),
        ),
      ],
    },
    {
      name: `a connection has served maxRequestsPerSocket, which is ${mostRequests}, and its client goes on waiting (keepAliveTimeout 60 s)`,
      timerMs: 4_000,
      ...served({
        text: request.repeat(mostRequests),
        http: { maxRequestsPerSocket: mostRequests, keepAliveTimeout },
        within: 2_000,
      }),
    },
    {
      name: "a kept connection is idle, and the client's patience is the shorter one",
      needs: countable,
      timerMs: 500,
      async experiment(lab) {
        const pairs = await connectMany(lab, few, { server: { http: { keepAliveTimeout } } });
        await each(pairs, ({ client }) => client.say(request));
        await each(pairs, ({ client }) => client.received(1));
        await each(pairs, ({ client }) => client.setTimeout(500));
        await each(pairs, ({ client }) => client.saw("timeout"));
        await each(pairs, ({ client }) => client.end());
        await each(pairs, ({ client }) => client.saw("close"));
        await each(pairs, ({ server }) => server.reaches(over));
        await lab.reading("later");
      },
      question: (t) => [
        given(
          "all are in TIME-WAIT at the clients",
          countIn(t, "later", "client", "TIME-WAIT", (count) => count === few),
        ),
        ...inTimeWait(t),
      ],
    },
  ],
};

interface Served {
  readonly text?: string;
  readonly http?: HttpServerOptions;
  /** How long the server has to close, in milliseconds; default 10,000. */
  readonly within?: number;
}

/** Connections whose client asks and closes nothing by itself. */
function served({
  text = request,
  http = {},
  within = 10_000,
}: Served): Pick<Case, "needs" | "experiment" | "question"> {
  return {
    needs: countable,
    async experiment(lab) {
      const pairs = await connectMany(lab, few, { server: { http } });
      await each(pairs, ({ client }) => client.say(text));
      await each(pairs, ({ client }) => orLate(client.saw("end", { within })));
      await each(pairs, ({ server }) => orLate(server.reaches(over, { within })));
      await lab.reading("later");
    },
    question: inTimeWait,
  };
}

const over: readonly TcpState[] = ["TIME-WAIT", "CLOSED"];

function inTimeWait(t: Timeline): readonly Check[] {
  return [
    given(
      "the clients were answered",
      received(t, "client", "later", (bytes) => bytes > 0),
    ),
    claimed(
      "all are in TIME-WAIT at the server",
      countIn(t, "later", "server", "TIME-WAIT", (count) => count === few),
    ),
  ];
}
