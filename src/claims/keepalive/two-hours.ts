import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import { ipSysctl, manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";
import { keepAliveAt } from "./probing.ts";
import { keepAliveTime } from "./sysctls.ts";

const set = "set";
const twoHoursMs = 7_200_000;

/** ss tells whole minutes here, and what has passed since is gone already. */
const isTwoHours = (remainingMs: number) => remainingMs > twoHoursMs - 5 * 60_000 && remainingMs <= twoHoursMs;

function armed(name: string, side: "client" | "server", act: (endpoint: Endpoint) => Promise<void>): Case {
  return {
    name,
    async experiment(lab) {
      const pair = await lab.connect();
      await act(pair[side]);
      await lab.reading(set);
    },
    question: (t) => [
      given("the connection is open and silent", inState(t, set, side, "ESTABLISHED")),
      claimed(
        "the first probe is due in two hours",
        keepAliveAt(t, set, side, (timer) => isTwoHours(timer.remainingMs) && timer.retransmits === 0),
      ),
    ],
  };
}

export const twoHours: Claim = {
  address: "keepalive/two-hours",
  statement: {
    en: "By default the first keep-alive probe is sent after two hours of silence.",
    zh: "默认情况下，连接静默两小时后发送第一个保活探测报文段。",
  },
  sources: [
    ...notes("N0", "N2"),
    rfc9293("3.8.4"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_keepalive_time"),
    manual("tcp(7)", "tcp_keepalive_time"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [
    {
      name: "the sysctl as a fresh network namespace has it",
      async experiment(lab) {
        await lab.sysctl(keepAliveTime);
      },
      question: (t) => [
        claimed(
          "tcp_keepalive_time is 7200 s",
          measured(t, { name: keepAliveTime, label: "default" }, (value) => value === 7_200),
        ),
      ],
    },
    armed("the client calls setKeepAlive(true)", "client", (client) => client.setKeepAlive(true)),
    armed("the server calls setKeepAlive(true)", "server", (server) => server.setKeepAlive(true)),
    armed("the client calls setKeepAlive(true, 999): Node counts whole seconds", "client", (client) =>
      client.setKeepAlive(true, 999),
    ),
    armed("the client calls setKeepAlive(true, 60_000)", "client", (client) => client.setKeepAlive(true, 60_000)),
    armed("the client calls setKeepAlive(true), and had called setKeepAlive(true, 60_000) before", "client", setTwice),
    armed("a client as Node opens it, with no call of setKeepAlive", "client", async () => {}),
    armed("a server's connection as Node opens it, with no call of setKeepAlive", "server", async () => {}),
  ],
};

async function setTwice(client: Endpoint): Promise<void> {
  await client.setKeepAlive(true, 60_000);
  await client.setKeepAlive(true);
}
