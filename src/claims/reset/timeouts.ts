import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { HttpServerOptions } from "../../lab/http-server.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { EventFact } from "../../model/fact.ts";
import type { TcpState } from "../../model/state.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has } from "../../timeline/wire.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, manual, nodeHttp, notes, rfc1122, rfc9293 } from "../sources.ts";

const request = "GET / HTTP/1.1\r\nHost: finwait\r\n\r\n";
const halfAHeader = "GET / HTTP/1.1\r\nHost: fin";
const halfABody = "POST / HTTP/1.1\r\nHost: finwait\r\nContent-Length: 100\r\n\r\n12345";

/** Long enough for the client to say what it has to say first. */
const patienceMs = 3_000;

/** Time enough for what gave up to send RST, or to answer with it. */
const answerMs = 3_000;

export const timeouts: Claim = {
  address: "reset/timeouts",
  statement: {
    en: "Some timeouts end in RST: that of an orphaned FIN-WAIT-2, that of keep-alive, and those of an HTTP server.",
    zh: "有些超时会以 RST 复位告终：孤儿连接的 FIN-WAIT-2 超时、保活探测得不到应答、HTTP 服务器的各种超时。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.8.4"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_fin_timeout"),
    manual("tcp(7)", "tcp_keepalive_probes"),
    nodeHttp("serverheaderstimeout"),
    nodeHttp("serverrequesttimeout"),
    nodeHttp("serversettimeoutmsecs-callback"),
    nodeHttp("serverkeepalivetimeout"),
  ],
  cases: [
    {
      name: "the FIN-WAIT-2 of a destroyed socket is over, then the peer sends (tcp_fin_timeout 60 → 1 s)",
      ...finWait2({ sends: true }),
    },
    {
      name: "the FIN-WAIT-2 of a destroyed socket is over, and the peer sends nothing more (tcp_fin_timeout 60 → 1 s)",
      ...finWait2({ sends: false }),
    },
    { name: "keep-alive has given up a peer whose answers are lost", ...keepAlive() },
    {
      name: "an HTTP header that never ends, and the client says nothing more: headersTimeout",
      ...httpServer({ headersTimeout: patienceMs, connectionsCheckingInterval: 100 }, halfAHeader),
    },
    {
      name: "an HTTP body that never ends, and the client says nothing more: requestTimeout",
      ...httpServer({ requestTimeout: patienceMs, connectionsCheckingInterval: 100, silent: true }, halfABody),
    },
    {
      name: "an HTTP body that goes on after its time: requestTimeout",
      ...httpServer(
        { requestTimeout: patienceMs, connectionsCheckingInterval: 100, silent: true },
        halfABody,
        (client) => client.say("67890"),
      ),
    },
    {
      name: "an HTTP request that is never answered, and the client says nothing more: server.setTimeout()",
      ...httpServer({ timeout: patienceMs, silent: true }, request),
    },
    {
      name: "an idle HTTP connection, and the client says nothing more: keepAliveTimeout",
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
    needs: { capture: true, sysctls: { "net.ipv4.tcp_fin_timeout": 1 } },
    timerMs: sends ? 1_000 : 1_000 + answerMs,
    async experiment(lab) {
      const { client, server } = await lab.connect({ server: { allowHalfOpen: true } });
      await client.destroy();
      await server.saw("end");
      await client.reaches("CLOSED");
      await lab.reading("timed out");
      if (sends) await server.write(5);
      await hasBeenReset(server);
      await lab.reading("given up");
    },
    question: (t) => [
      given("the client's FIN-WAIT-2 is over", inState(t, "timed out", "client", "CLOSED")),
      given("its peer has not closed", inState(t, "timed out", "server", "CLOSE-WAIT")),
      ...endsInReset(t, "client"),
    ],
  };
}

/** Node probes every second, ten times (its own setting), from one second of silence on. */
function keepAlive(): Trial {
  return {
    needs: { capture: true },
    timerMs: 12_000,
    async experiment(lab) {
      const { client, server } = await lab.connect();
      await client.setKeepAlive(true, 1_000);
      await using lost = await lab.lose("everything", { from: server });
      await client.saw("error", { within: 40_000 });
      await hasBeenReset(server);
      await lab.reading("given up");
      await lost.lift();
    },
    question: (t) => [
      given("the client has given up", sawEvent(t, "client", "error", { where: isTimeout, by: "given up" })),
      ...endsInReset(t, "client"),
    ],
  };
}

const isTimeout = ({ code }: EventFact["detail"]) => code === "ETIMEDOUT";

/** What is left of a socket that was closed, or reset. */
const gone: readonly TcpState[] = ["FIN-WAIT-2", "CLOSED"];

/** A client that says something and closes nothing by itself; the server closes when its patience ends. */
function httpServer(http: HttpServerOptions, text: string, then?: (client: Pair["client"]) => Promise<void>): Trial {
  return {
    needs: { capture: true },
    timerMs: then === undefined ? patienceMs + answerMs : patienceMs,
    async experiment(lab) {
      const { client, server } = await lab.connect({ client: { allowHalfOpen: true }, server: { http } });
      await client.say(text);
      await client.saw(["end", "error"]);
      await server.reaches(gone);
      await lab.reading("timed out");
      await then?.(client);
      await hasBeenReset(client);
      await lab.reading("given up");
    },
    question: (t) => [
      given("the server has let go of it", inState(t, "timed out", "server", gone)),
      ...endsInReset(t, "server"),
    ],
  };
}

/** Resolves when the peer of what gave up has been reset, or has had the time to be. */
async function hasBeenReset(peer: Endpoint): Promise<void> {
  await orLate(peer.reaches("CLOSED", { within: answerMs }));
}

/** The peer's program has not closed it, so only an RST can have ended it. */
function endsInReset(t: Timeline, by: Side): readonly Check[] {
  const peer = otherSide(by);
  return [
    claimed(
      `the ${by}'s kernel sends RST`,
      onWire(t, [by, peer], (segments) =>
        someSegment(segments, (segment) => segment.from === by && has(segment, "RST") && arrived(segment)),
      ),
    ),
    claimed(`the ${peer}, which has not closed, has no connection any more`, inState(t, "given up", peer, "CLOSED")),
  ];
}
