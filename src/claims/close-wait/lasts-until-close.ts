import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import { ipSysctl, manual, notes, rfc9293 } from "../sources.ts";

/** From 60 s, 2 h, 75 s, 9, 15 and 8: whatever could end a connection would do so within 4 s. */
const needs = {
  sysctls: {
    "net.ipv4.tcp_fin_timeout": 1,
    "net.ipv4.tcp_keepalive_time": 1,
    "net.ipv4.tcp_keepalive_intvl": 1,
    "net.ipv4.tcp_keepalive_probes": 2,
    "net.ipv4.tcp_retries2": 3,
    "net.ipv4.tcp_orphan_retries": 1,
  },
};
const patienceMs = 8_000;

export const lastsUntilClose: Claim = {
  address: "close-wait/lasts-until-close",
  statement: {
    en: "CLOSE-WAIT has no time limit: it lasts until the application closes its side.",
    zh: "CLOSE-WAIT 没有时限，一直持续到应用程序关闭自己这一侧为止。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.6"), manual("tcp(7)"), ipSysctl("tcp_keepalive_time")],
  cases: [
    { name: "the peer waits in FIN-WAIT-2, the kernel's timers shortened to seconds", ...outlasting("server") },
    { name: "a client in CLOSE-WAIT, the kernel's timers shortened to seconds", ...outlasting("client") },
    {
      name: "a live peer answers keepalive probes every second",
      ...outlasting("server", ({ server }) => server.setKeepAlive(true, 1_000)),
    },
    {
      name: "the peer's data is unread",
      ...outlasting("server", ({ client }) => client.write(5), { reading: "none" }),
    },
    {
      name: "the peer destroyed its socket, and its FIN-WAIT-2 timed out",
      ...afterThePeer(() => Promise.resolve()),
    },
    {
      name: "the peer destroyed its socket, and keepalive probes the peer every second",
      ...afterThePeer(({ server }) => server.setKeepAlive(true, 1_000)),
    },
    {
      name: "the peer destroyed its socket, and the application writes once more",
      ...afterThePeer(
        () => Promise.resolve(),
        async (lab, { server }) => {
          await server.write(5);
          await server.saw("written");
          await lab.elapse(1_000, "the peer's host has the time to answer");
        },
      ),
    },
  ],
};

type Trial = Pick<Case, "needs" | "timerMs" | "experiment" | "question">;

/** The peer has closed its sending side and is alive. */
function outlasting(
  passive: "client" | "server",
  before: (pair: Pair) => Promise<unknown> = () => Promise.resolve(),
  serverOptions: { readonly reading?: "none" } = {},
): Trial {
  const closer = passive === "server" ? "client" : "server";
  return {
    needs,
    timerMs: patienceMs,
    async experiment(lab) {
      const pair = await lab.connect({
        client: { allowHalfOpen: true },
        server: { allowHalfOpen: true, ...serverOptions },
      });
      await before(pair);
      await pair[closer].end();
      await pair[passive].reaches("CLOSE-WAIT");
      await lab.reading("half-closed");
      await lab.elapse(patienceMs, "twice the longest of the shortened timers");
      await lab.reading("waited");
      await pair[passive].destroy();
      await pair[passive].saw("close");
      await lab.reading("closed");
    },
    question: (t) => [
      given(`the ${passive} is in CLOSE-WAIT`, inState(t, "half-closed", passive, "CLOSE-WAIT")),
      claimed("it is still there long after", inState(t, "waited", passive, "CLOSE-WAIT")),
      claimed("it is over at close", inState(t, "closed", passive, ["LAST-ACK", "CLOSED"])),
    ],
  };
}

/** The peer is gone for good: its orphaned FIN-WAIT-2 has timed out. */
function afterThePeer(
  before: (pair: Pair) => Promise<unknown>,
  then: (lab: Session, pair: Pair) => Promise<void> = () => Promise.resolve(),
): Trial {
  return {
    needs,
    timerMs: patienceMs,
    async experiment(lab) {
      const pair = await lab.connect({ server: { allowHalfOpen: true } });
      await before(pair);
      await pair.client.destroy();
      await pair.server.saw("end");
      await lab.reading("half-closed");
      await lab.elapse(patienceMs, "twice the longest of the shortened timers");
      await lab.reading("peer gone");
      await then(lab, pair);
      await lab.reading("waited");
      await pair.server.destroy();
      await pair.server.saw("close");
      await lab.reading("closed");
    },
    question: (t) => [
      given("the server is in CLOSE-WAIT", inState(t, "half-closed", "server", "CLOSE-WAIT")),
      given("the peer's socket is gone", inState(t, "peer gone", "client", "CLOSED")),
      claimed("the server's is still there", inState(t, "waited", "server", "CLOSE-WAIT")),
      claimed("it is over at close", inState(t, "closed", "server", ["LAST-ACK", "CLOSED"])),
    ],
  };
}
