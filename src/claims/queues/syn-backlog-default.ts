import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { howMany } from "./how-many.ts";

const arriving = 16;
const changedTo = 8;
const clients = Array.from({ length: arriving }, (_, index) => `client-${index + 1}`);
const servers = clients.map((name) => name.replace("client", "server"));

export const synBacklogDefault: Claim = {
  address: "queues/syn-backlog-default",
  statement: {
    en: "The SYN queue takes 1024 half-open connections, the default of net.ipv4.tcp_max_syn_backlog; changing that changes the limit.",
    zh: "SYN 队列最多容纳 1024 个半连接，即 net.ipv4.tcp_max_syn_backlog 的默认值；修改它就能改变上限。",
  },
  sources: [
    ...notes("N3"),
    manual("tcp(7)", "tcp_max_syn_backlog"),
    manual("listen(2)", "NOTES"),
    ipSysctl("tcp_max_syn_backlog"),
    ipSysctl("tcp_syncookies"),
  ],
  cases: [
    {
      name: "this kernel's default of net.ipv4.tcp_max_syn_backlog",
      async experiment(lab) {
        await lab.sysctl("net.ipv4.tcp_max_syn_backlog", { host: "server" });
      },
      question: (t) => [
        claimed(
          "the default is 1024",
          measured(t, { name: "net.ipv4.tcp_max_syn_backlog", label: "default" }, (value) => value === 1024),
        ),
      ],
    },
    {
      name: "16 SYNs arrive, the sysctl set to 8, syncookies on as by default",
      needs: { sysctls: { "net.ipv4.tcp_max_syn_backlog": changedTo } },
      timerMs: 1_000,
      experiment: (lab) => sixteenHalfOpen(lab),
      question: (t) => [...arrived(t), ...noMoreThanEight(t)],
    },
    {
      name: "16 SYNs arrive, the sysctl set to 8, syncookies off",
      needs: { sysctls: { "net.ipv4.tcp_max_syn_backlog": changedTo, "net.ipv4.tcp_syncookies": 0 } },
      timerMs: 1_000,
      experiment: (lab) => sixteenHalfOpen(lab),
      question: (t) => [...arrived(t), ...noMoreThanEight(t)],
    },
    {
      name: "16 SYNs arrive, the sysctl as it is, the server listens with a backlog of 8",
      timerMs: 1_000,
      experiment: (lab) => sixteenHalfOpen(lab, 8),
      question: (t) => [
        ...arrived(t),
        given(
          "the sysctl leaves room for them",
          measured(t, { name: "net.ipv4.tcp_max_syn_backlog", label: "set" }, (value) => value >= 4 * arriving),
        ),
        claimed(
          "all 16 wait",
          howMany(t, "arrived", servers, "SYN-RECEIVED", (count) => count === arriving),
        ),
      ],
    },
  ],
};

/** Every client's SYN has been sent twice: whoever is not in the queue then has been refused it. */
async function sixteenHalfOpen(lab: Session, backlog?: number): Promise<void> {
  await lab.sysctl("net.ipv4.tcp_max_syn_backlog", { host: "server", label: "set" });
  const listener = await lab.listen(backlog === undefined ? {} : { backlog });
  await using lost = await lab.lose("SYN+ACK", { from: listener });
  const dialling = await Promise.all(clients.map((name) => lab.attempt(listener, { name })));
  await Promise.all(dialling.map((client) => client.resends()));
  await lab.reading("arrived");
  await lost.lift();
}

function arrived(t: Timeline): readonly Check[] {
  const waiting = howMany(t, "arrived", clients, "SYN-SENT", (count) => count === arriving);
  return [given("16 clients wait for an answer", { ...waiting, evidence: waiting.evidence.slice(0, 2) })];
}

function noMoreThanEight(t: Timeline): readonly Check[] {
  const set = measured(t, { name: "net.ipv4.tcp_max_syn_backlog", label: "set" }, (value) => value === changedTo);
  return [
    given("the sysctl is 8", set),
    claimed(
      "no more than 8 wait",
      howMany(t, "arrived", servers, "SYN-RECEIVED", (count) => count <= changedTo),
    ),
  ];
}
