import type { Case } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import { hasProbed, keepAliveAt } from "./probing.ts";
import { keepAliveInterval, soon } from "./sysctls.ts";

const first = "the first probe is unanswered";

/** Whether the probes after the first come every so many seconds: the same conditions for everybody's figure. */
export function everySeconds(seconds: number, inWords: string): readonly Case[] {
  return [
    {
      name: "the sysctl as a fresh network namespace has it",
      async experiment(lab) {
        await lab.sysctl(keepAliveInterval);
      },
      question: (t) => [
        claimed(
          `tcp_keepalive_intvl is ${seconds} s`,
          measured(t, { name: keepAliveInterval, label: "default" }, (value) => value === seconds),
        ),
      ],
    },
    unanswered("the client calls setKeepAlive(true), nothing is answered (tcp_keepalive_time 7200 → 8 s)", "client", {
      act: (client) => client.setKeepAlive(true),
      seconds,
      inWords,
    }),
    unanswered("the server calls setKeepAlive(true), nothing is answered (tcp_keepalive_time 7200 → 8 s)", "server", {
      act: (server) => server.setKeepAlive(true),
      seconds,
      inWords,
    }),
    unanswered("the client calls setKeepAlive(true, 1000), nothing is answered", "client", {
      act: (client) => client.setKeepAlive(true, 1_000),
      seconds,
      inWords,
    }),
  ];
}

interface Asked {
  readonly act: (endpoint: Endpoint) => Promise<void>;
  readonly seconds: number;
  readonly inWords: string;
}

/** ss tells whole seconds, or minutes; a reading may come some time after the probe. */
function unanswered(name: string, side: "client" | "server", { act, seconds, inWords }: Asked): Case {
  const isSo = (remainingMs: number) => remainingMs > seconds * 800 && remainingMs <= seconds * 1_000;
  return {
    name,
    needs: soon,
    timerMs: 8_500,
    async experiment(lab) {
      const pair = await lab.connect();
      await using link = await lab.cut(pair[side]);
      await act(pair[side]);
      await hasProbed(pair[side], 1, { within: 20_000 });
      await lab.reading(first);
      await link.lift();
    },
    question: (t) => [
      given(
        "a probe is unanswered",
        keepAliveAt(t, first, side, (timer) => timer.retransmits > 0),
      ),
      claimed(
        `the next is due ${inWords} after it`,
        keepAliveAt(t, first, side, (timer) => isSo(timer.remainingMs)),
      ),
    ],
  };
}
