import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { allOf, type Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { elapsedBetween } from "../../judge/times.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import { callsOf, firstIn } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { ipSysctl, manual, notes } from "../sources.ts";
import { connectFor } from "./roles.ts";

const sysctl = "net.ipv4.tcp_fin_timeout";
/**
 * Counted from destroy() to the first reading without a socket. The kernel's timer wheel rounds up by as much as an
 * eighth, depending on its HZ. On a busy machine ss itself may run for seconds: what it saw may be as old as its start,
 * and as new as its end.
 */
const about = (seconds: number) => (elapsedMs: number) =>
  elapsedMs >= seconds * 800 && elapsedMs <= seconds * 1_150 + 5_000;

export const finTimeout60: Claim = {
  address: "half-close/fin-timeout-60",
  statement: {
    en: "FIN-WAIT-2 times out after 60 s by default, and tcp_fin_timeout sets that time.",
    zh: "FIN-WAIT-2 的超时默认是 60 秒，由 tcp_fin_timeout 决定。",
  },
  sources: [...notes("N3"), ipSysctl("tcp_fin_timeout"), manual("tcp(7)", "tcp_fin_timeout")],
  cases: [
    {
      name: "the sysctl as a fresh network namespace has it",
      async experiment(lab) {
        await lab.sysctl(sysctl);
      },
      question: (t) => [
        claimed(
          "tcp_fin_timeout is 60",
          measured(t, { name: sysctl, label: "default" }, (value) => value === 60),
        ),
      ],
    },
    {
      name: "the client's socket destroyed, the default left as it is",
      timerMs: 62_000,
      experiment: async (lab) => await outlast(lab, { quietMs: 55_000, withinMs: 25_000 }),
      question: (t) => [
        given("the server has not closed", inState(t, "gone", "server", "CLOSE-WAIT")),
        claimed("FIN-WAIT-2 lasts 60 s", lasted(t, 60)),
      ],
    },
    {
      name: "the client's socket kept after end(), the default left as it is",
      timerMs: 63_000,
      async experiment(lab) {
        const { client, server } = await connectFor(lab, "client");
        await client.end();
        await server.saw("end");
        await client.reaches("FIN-WAIT-2");
        await lab.reading("half-closed");
        await lab.elapse(63_000, "60 s, and what the kernel's timers add to it");
        await lab.reading("waited");
      },
      question: (t) => [
        given("the client was in FIN-WAIT-2", inState(t, "half-closed", "client", "FIN-WAIT-2")),
        given("the server has not closed", inState(t, "waited", "server", "CLOSE-WAIT")),
        claimed("the client's FIN-WAIT-2 is over", inState(t, "waited", "client", "CLOSED")),
      ],
    },
    { name: "tcp_fin_timeout lowered from 60 s to 10 s, the client's socket destroyed", ...setTo(10) },
    { name: "tcp_fin_timeout raised from 60 s to 62 s, the client's socket destroyed", ...setTo(62) },
  ],
};

function setTo(seconds: number): Pick<Case, "needs" | "timerMs" | "experiment" | "question"> {
  return {
    needs: { sysctls: { [sysctl]: seconds } },
    timerMs: seconds * 1_000,
    experiment: async (lab) => await outlast(lab, { quietMs: 1_000, withinMs: seconds * 1_200 }),
    question: (t) => [
      given("the server has not closed", inState(t, "gone", "server", "CLOSE-WAIT")),
      claimed(`FIN-WAIT-2 lasts ${seconds} s`, lasted(t, seconds)),
    ],
  };
}

function lasted(t: Timeline, seconds: number): Observation {
  const [destroyed] = callsOf(t, "client", "destroy()");
  const gone = firstIn(t, "client", "CLOSED");
  return allOf(inState(t, "gone", "client", "CLOSED"), elapsedBetween(destroyed, gone, about(seconds)));
}

/** The client leaves an orphan in FIN-WAIT-2, which is left alone for a while and then watched to its end. */
async function outlast(lab: Session, { quietMs, withinMs }: { quietMs: number; withinMs: number }): Promise<void> {
  const { client, server } = await connectFor(lab, "client");
  await lab.reading("open");
  await client.destroy();
  await server.saw("end");
  await client.reaches("FIN-WAIT-2");
  await lab.elapse(quietMs, "FIN-WAIT-2 is to last longer");
  await lab.reading("nearly");
  await orLate(client.reaches("CLOSED", { within: withinMs }));
  await lab.reading("gone");
}
