import type { Case, Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import { closes, connectSides, leaves, otherSide, type Side, type WayToClose } from "../shared/sides.ts";
import { notes, rfc1122, rfc6298, rfc9293 } from "../sources.ts";

const lost = "the FIN is lost";
const meanwhile = "the FIN has not come yet";
const healed = "nothing is lost any more";
const sent = 1_000;

interface Plan {
  readonly closer: Side;
  readonly way: WayToClose;
  /** Whether the other side sends before the FIN has come. */
  readonly peerSends: boolean;
  readonly family?: 4 | 6;
  /** How many FINs are lost at least. */
  readonly losses?: number;
}

function finLost(name: string, plan: Plan): Case {
  const { closer, way, peerSends, family = 4, losses = 1 } = plan;
  const peer = otherSide(closer);
  return {
    name,
    // After 0.2 s, twice, then 0.4 s and 0.8 s.
    timerMs: losses > 1 ? 1_600 : 400,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, closer, family);
      await using fin = await lab.lose("FIN", { from: active });
      await closes(active, way);
      await fin.catches(losses);
      await lab.reading(lost);
      if (peerSends) {
        await passive.write(sent);
        // After destroy() there is no runtime left that could receive: what comes back to the sender tells.
        await orLate(way === "end" ? active.received(sent) : passive.saw(["error", "close"], { within: 3_000 }));
      }
      await lab.reading(meanwhile);
      await fin.lift();
      await orLate(passive.saw(["end", "error", "close"]));
      await orLate(leaves(active, "FIN-WAIT-1"));
      await lab.reading(healed);
    },
    question: (t) => [
      given(`the ${closer} has sent its FIN`, inState(t, lost, closer, "FIN-WAIT-1")),
      given(
        "it was lost",
        caught(t, (count) => count >= losses),
      ),
      claimed(`the ${peer} knows nothing of it`, inState(t, lost, peer, "ESTABLISHED")),
      claimed("nor does its runtime", sawNoEvent(t, peer, "end", { until: lost })),
      ...(peerSends
        ? [
            claimed(
              `what the ${peer} sends meanwhile is received`,
              received(t, closer, meanwhile, (bytes) => bytes === sent),
            ),
            claimed(`the ${peer} gets no error for it`, sawNoEvent(t, peer, "error", { until: meanwhile })),
          ]
        : []),
      claimed("the FIN is sent again, and comes", sawEvent(t, peer, "end", { by: healed })),
      claimed(`the ${closer} is in FIN-WAIT-2 then`, inState(t, healed, closer, "FIN-WAIT-2")),
    ],
  };
}

export const firstFin: Claim = {
  address: "loss/first-fin",
  statement: {
    en: "If the first FIN is lost, the closer sends it again; until it comes, the peer knows nothing of it and may go on sending.",
    zh: "第一个 FIN 丢失时，主动关闭的一方会重发；在它到达之前，对端毫不知情，可以继续发送数据。",
  },
  sources: [...notes("N4"), rfc9293("3.6"), rfc9293("3.8.1"), rfc6298("5"), rfc1122("4.2.2.13")],
  cases: [
    finLost("the client ends, the server is silent", { closer: "client", way: "end", peerSends: false }),
    finLost("the client ends, the server sends meanwhile", { closer: "client", way: "end", peerSends: true }),
    finLost("the server ends, the client sends meanwhile", { closer: "server", way: "end", peerSends: true }),
    finLost("the client ends and its FIN is lost four times, the server sends meanwhile", {
      closer: "client",
      way: "end",
      peerSends: true,
      losses: 4,
    }),
    finLost("the client ends, the server sends meanwhile, over IPv6", {
      closer: "client",
      way: "end",
      peerSends: true,
      family: 6,
    }),
    finLost("the client destroys its socket, the server is silent", {
      closer: "client",
      way: "destroy",
      peerSends: false,
    }),
    finLost("the client destroys its socket, the server sends meanwhile", {
      closer: "client",
      way: "destroy",
      peerSends: true,
    }),
    finLost("the server destroys its socket, the client sends meanwhile", {
      closer: "server",
      way: "destroy",
      peerSends: true,
    }),
  ],
};
