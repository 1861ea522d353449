import type { Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, timerAt } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { howMany } from "./how-many.ts";
import { isFateKnown } from "./newcomer.ts";

/** Small on purpose: the queue is made short instead of the flood long. */
const backlog = 8;
const flood = 24;
const hosts = ["client", "attacker", "server"];
const attackers = Array.from({ length: flood }, (_, index) => `attacker-${index + 1}`);
const halfOpen = attackers.map((name) => `${name}'s server`);

export const synFlood: Claim = {
  address: "queues/syn-flood",
  statement: {
    en: "Many SYNs that no third segment follows cost a server memory and time, until it serves nobody else.",
    zh: "大量只发 SYN、不发第三个报文段的请求会耗费服务器的内存和时间，使它无法再为其他客户端服务。",
  },
  sources: [
    ...notes("N1"),
    { title: "RFC 4987", section: "§2", url: "https://www.rfc-editor.org/rfc/rfc4987#section-2" },
    manual("tcp(7)", "tcp_syncookies"),
    ipSysctl("tcp_syncookies"),
  ],
  cases: [
    {
      name: "24 SYNs at a SYN queue of 8, syncookies off",
      needs: { hosts, sysctls: { "net.ipv4.tcp_syncookies": 0 } },
      timerMs: 2_000,
      experiment: underFlood,
      question: (t) => [given("syncookies are off", cookies(t, 0)), ...suffers(t)],
    },
    {
      name: "24 SYNs at a SYN queue of 8, syncookies on as by default",
      needs: { hosts },
      timerMs: 2_000,
      experiment: underFlood,
      question: (t) => [given("syncookies are on", cookies(t, 1)), ...suffers(t)],
    },
  ],
};

/** The attacker's host hears no answer, so it neither completes a handshake nor resets one. */
async function underFlood(lab: Session): Promise<void> {
  await lab.sysctl("net.ipv4.tcp_syncookies", { host: "server", label: "set" });
  const listener = await lab.listen({ host: "server", backlog });
  await using lost = await lab.lose("SYN+ACK", { from: listener, at: "attacker" });
  const attacking = [];
  for (const name of attackers) attacking.push(await lab.attempt(listener, { name, host: "attacker" }));
  // By then the server has sent its answers again too: on its own timer, and to each repeated SYN.
  await Promise.all(attacking.map((attacker) => attacker.resends()));
  await lab.reading("flooded");
  const client = await lab.attempt(listener, { host: "client" });
  await client.shows("its fate", isFateKnown);
  await lab.reading("after");
  await lost.lift();
}

function suffers(t: Timeline): readonly Check[] {
  const repeated = timerAt(t, "flooded", "attacker-1's server", (timer) => (timer?.retransmits ?? 0) > 0);
  const queued = howMany(t, "flooded", halfOpen, "SYN-RECEIVED", (count) => count >= backlog);
  return [
    claimed("memory: half-open connections fill the queue", queued),
    claimed("time: the server sends its answers again", repeated),
    claimed("a new client gets no connection", not(inState(t, "after", "client", "ESTABLISHED"))),
  ];
}

function cookies(t: Timeline, value: number) {
  return measured(t, { name: "net.ipv4.tcp_syncookies", label: "set" }, (set) => set === value);
}
