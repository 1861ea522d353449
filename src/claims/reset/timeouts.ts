import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { HttpServerOptions } from "../../lab/http-server.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { EventFact } from "../../model/fact.ts";
import type { TcpState } from "../../model/state.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import type { Side } from "../close/sides.ts";
import { ipSysctl, manual, nodeHttp, notes, rfc1122, rfc9293 } from "../sources.ts";

const request = "GET / HTTP/1.1\r\nHost: finwait\r\n\r\n";
const halfAHeader = "GET / HTTP/1.1\r\nHost: fin";
const halfABody = "POST / HTTP/1.1\r\nHost: finwait\r\nContent-Length: 100\r\n\r\n12345";

/** Long enough for the client to say what it has to say first. */
const patienceMs = 3_000;

export const timeouts: Claim = {
  address: "reset/timeouts",
  statement: {
    en: "When a side gives a connection up because a time has passed, its peer is reset by RST.",
    zh: "一方因为超时而放弃连接时，对端会收到 RST，连接被重置。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.8.3"),
    rfc9293("3.8.4"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_fin_timeout"),
    ipSysctl("tcp_retries2"),
    manual("tcp(7)", "tcp_keepalive_probes"),
    nodeHttp("serverheaderstimeout"),
    nodeHttp("serverkeepalivetimeout"),
  ],
  cases: [
    {
      name: "the FIN-WAIT-2 of a destroyed socket is over, then the peer sends (tcp_fin_timeout 1 s)",
      ...finWait2({ sends: true }),
    },
    {
      name: "the FIN-WAIT-2 of a destroyed socket is over, and the peer sends nothing (tcp_fin_timeout 1 s)",
      ...finWait2({ sends: false }),
    },
    { name: "keepalive probes whose answers are lost have given up", ...keepAlive("answers are lost") },
    { name: "keepalive has given up a peer that nothing reaches", ...keepAlive("nothing arrives") },
    {
      name: "data whose acknowledgments are lost has been given up (tcp_retries2 = 3)",
      needs: { sysctls: { "net.ipv4.tcp_retries2": 3 } },
      timerMs: 7_000,
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await using lost = await lab.lose("everything", { from: server });
        await client.write(5);
        await client.saw("error", { within: 30_000 });
        await lab.elapse(300, "the peer has the time to hear of it");
        await lab.reading("given up");
        await lost.lift();
      },
      question: gaveUp,
    },
    {
      name: "an HTTP request line that never ends: headersTimeout",
      ...httpServer({ headersTimeout: patienceMs, connectionsCheckingInterval: 100 }, halfAHeader),
    },
    {
      name: "an HTTP request whose body never ends: requestTimeout",
      ...httpServer({ requestTimeout: patienceMs, connectionsCheckingInterval: 100, silent: true }, halfABody),
    },
    {
      name: "an HTTP request that is never answered: server.setTimeout()",
      ...httpServer({ timeout: patienceMs, silent: true }, request),
    },
    {
      name: "an idle HTTP connection: keepAliveTimeout",
      ...httpServer({ keepAliveTimeout: patienceMs }, request),
    },
    {
      name: "an idle HTTP connection, over which the client sends its next request too late: keepAliveTimeout",
      ...httpServer({ keepAliveTimeout: patienceMs }, request, (client) => client.say(request)),
    },
  ],
};

type Trial = Pick<Case, "needs" | "timerMs" | "experiment" | "question">;

function finWait2({ sends }: { readonly sends: boolean }): Trial {
  return {
    needs: { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
    timerMs: 3_000,
    async experiment(lab) {
      const { client, server } = await lab.connect({ server: { allowHalfOpen: true } });
      await client.destroy();
      await server.saw("end");
      await lab.elapse(3_000, "three times tcp_fin_timeout");
      await lab.reading("timed out");
      if (sends) await sent(server, () => server.write(5));
      await lab.reading("given up");
    },
    question: (t) => [
      given("the client's FIN-WAIT-2 is over", inState(t, "timed out", "client", "CLOSED")),
      given("its peer has not closed", inState(t, "timed out", "server", "CLOSE-WAIT")),
      isReset(t, "server"),
    ],
  };
}

/** Node probes every second, ten times (its own setting), from one second of silence on. */
function keepAlive(cut: "answers are lost" | "nothing arrives"): Trial {
  return {
    timerMs: 12_000,
    async experiment(lab) {
      const { client, server } = await lab.connect();
      await client.setKeepAlive(true, 1_000);
      await using lost = await lab.lose(
        "everything",
        cut === "answers are lost" ? { from: server } : { between: client },
      );
      await client.saw("error", { within: 40_000 });
      await lab.elapse(300, "the peer has the time to hear of it");
      await lab.reading("given up");
      await lost.lift();
    },
    question: gaveUp,
  };
}

function gaveUp(t: Timeline): readonly Check[] {
  const isTimeout = ({ code }: EventFact["detail"]) => code === "ETIMEDOUT";
  return [
    given("the client has given up", sawEvent(t, "client", "error", { where: isTimeout, by: "given up" })),
    isReset(t, "server"),
  ];
}

/** What is left of a socket that was closed, or reset. */
const gone: readonly TcpState[] = ["FIN-WAIT-2", "CLOSED"];

/** A client that says something and closes nothing by itself; the server closes when its patience ends. */
function httpServer(
  http: HttpServerOptions,
  text: string,
  then?: (client: Pair["client"]) => Promise<void>,
): Omit<Trial, "needs"> {
  return {
    timerMs: patienceMs,
    async experiment(lab) {
      const { client, server } = await lab.connect({ client: { allowHalfOpen: true }, server: { http } });
      await client.say(text);
      await client.saw(["end", "error"]);
      await server.reaches(gone);
      await lab.reading("timed out");
      if (then !== undefined) await sent(client, () => then(client));
      await lab.reading("given up");
    },
    question: (t) => [
      given("the server has let go of it", inState(t, "timed out", "server", gone)),
      isReset(t, "client"),
    ],
  };
}

/** Resolves when what was sent has been answered, or has had the time to be. */
async function sent(endpoint: Endpoint, send: () => Promise<unknown>): Promise<void> {
  await send();
  await orLate(endpoint.reaches("CLOSED", { within: 3_000 }));
}

/** Its program has not closed it, so only an RST can have ended it. */
function isReset(t: Timeline, peer: Side): Check {
  return claimed(
    `the ${peer}, which has not closed, has no connection any more`,
    inState(t, "given up", peer, "CLOSED"),
  );
}
