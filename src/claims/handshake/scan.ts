import type { Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";

const shortRetries = { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_synack_retries": 1 };

export const scan: Claim = {
  address: "handshake/scan",
  statement: {
    en: "A scan tells ports apart by how they take a SYN: an open one accepts it, a closed one answers with a reset, and only a filtered one keeps silent.",
    zh: "端口扫描凭对 SYN 的反应区分端口：开放的端口接受它，关闭的端口回复 RST，只有被过滤的端口没有回应。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.5.2"),
    rfc9293("3.10.7.1"),
    manual("connect(2)", "ERRORS"),
    manual("listen(2)"),
    nodeNet("event-connect"),
    nodeNet("event-error_1"),
  ],
  cases: [
    { name: "an open port", experiment: (lab) => scanOpen(lab, "v4"), question: accepts },
    { name: "an open port over IPv6", experiment: (lab) => scanOpen(lab, "v6"), question: accepts },
    { name: "a closed port", experiment: (lab) => scanClosed(lab, "v4"), question: resets },
    { name: "a closed port over IPv6", experiment: (lab) => scanClosed(lab, "v6"), question: resets },
    {
      name: "a filtered port (net.ipv4.tcp_syn_retries 6 → 1)",
      needs: { sysctls: shortRetries },
      timerMs: 3_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using filter = await lab.lose("SYN", { to: listener });
        const client = await lab.attempt(listener);
        await client.saw(["connect", "error"], { within: 30_000 });
        await lab.reading("after");
        await filter.lift();
      },
      question: (t) => [
        claimed(
          "nothing answers the SYN: it is sent again",
          caught(t, (count) => count > 1),
        ),
        claimed("the client's runtime reports ETIMEDOUT", error(t, "ETIMEDOUT")),
      ],
    },
    {
      name: "an open port whose accept queue is full (net.ipv4.tcp_syn_retries 6 → 1)",
      needs: { sysctls: shortRetries },
      timerMs: 3_000,
      async experiment(lab) {
        const worker = await lab.process({ host: "server" });
        const listener = await lab.listen({ process: worker, backlog: 1 });
        await worker.freeze();
        await lab.dial(listener, { name: "first" });
        await lab.dial(listener, { name: "second" });
        const client = await lab.attempt(listener);
        await client.saw(["connect", "error"], { within: 30_000 });
        await lab.reading("after");
      },
      question: (t) => [
        given("the port is open", inState(t, "after", "listener", "LISTEN")),
        given(
          "its accept queue is full",
          queueAt(t, "after", "listener", "recvQ", (waiting) => waiting === 2),
        ),
        claimed("the SYN is accepted", sawEvent(t, "client", "connect", { by: "after" })),
        claimed("the port does not pass for a silent one", sawNoTimeout(t)),
      ],
    },
  ],
};

async function scanOpen(lab: Session, bind: "v4" | "v6"): Promise<void> {
  const client = await lab.attempt(await lab.listen({ bind }));
  await client.saw(["connect", "error"]);
  await lab.reading("after");
}

function accepts(t: Timeline): readonly Check[] {
  return [
    claimed("the client's runtime reports a connection", sawEvent(t, "client", "connect", { by: "after" })),
    claimed("the client is in ESTABLISHED", inState(t, "after", "client", "ESTABLISHED")),
  ];
}

/** A port that nobody listens on any more: no other session was given it. */
async function scanClosed(lab: Session, bind: "v4" | "v6"): Promise<void> {
  const listener = await lab.listen({ bind });
  await listener.close();
  const client = await lab.attempt(listener);
  await client.saw(["connect", "error"]);
  await lab.reading("after");
}

function resets(t: Timeline): readonly Check[] {
  return [
    given("nobody listens on the port", inState(t, "after", "listener", "CLOSED")),
    claimed("the client's runtime reports ECONNREFUSED", error(t, "ECONNREFUSED")),
  ];
}

function error(t: Timeline, code: string) {
  return sawEvent(t, "client", "error", { where: (detail) => detail.code === code, by: "after" });
}

function sawNoTimeout(t: Timeline) {
  return sawNoEvent(t, "client", "error", { where: (detail) => detail.code === "ETIMEDOUT", until: "after" });
}
