import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Listener } from "../../lab/listener.ts";
import { closes, closesHalf, connectSides, leaves, otherSide, type Side, type WayToClose } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";

const waiting = "its own FIN is acknowledged";
const lost = "the peer's FIN is lost";
const healed = "nothing is lost any more";

interface Plan {
  readonly closer: Side;
  readonly way: WayToClose;
  readonly family?: 4 | 6;
}

function finLost(name: string, { closer, way, family = 4 }: Plan): Case {
  const peer = otherSide(closer);
  return {
    name,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, closer, family);
      await closesHalf(active, passive, way);
      await lab.reading(waiting);
      await using fin = await lab.lose("FIN", { from: passive });
      await closes(passive, "end");
      await fin.catches();
      await lab.reading(lost);
      await fin.lift();
      await orLate(leaves(passive, "LAST-ACK"));
      await lab.reading(healed);
    },
    question: (t) => [
      given(`the ${closer} waits for the peer's FIN`, inState(t, waiting, closer, "FIN-WAIT-2")),
      given(`the ${peer} has sent its FIN, and has no answer`, inState(t, lost, peer, "LAST-ACK")),
      given("it has one once the FIN has come", inState(t, healed, peer, "CLOSED")),
      claimed(`the ${closer} is in TIME-WAIT while the FIN is lost`, inState(t, lost, closer, "TIME-WAIT")),
      claimed("and when it has come", inState(t, healed, closer, "TIME-WAIT")),
    ],
  };
}

const answeredAtOnce: Case = {
  name: "the server answers the client's FIN with its own at once (allowHalfOpen: false), and each of its FINs is lost",
  async experiment(lab) {
    const listener: Listener = await lab.listen();
    const client = await lab.dial(listener, { allowHalfOpen: true });
    const server = listener.endOf(client);
    await server.accepted();
    await using fin = await lab.lose("FIN", { from: server });
    await closes(client, "end");
    await server.saw("close");
    await fin.catches();
    await lab.reading(lost);
    await fin.lift();
    await orLate(leaves(server, "LAST-ACK"));
    await lab.reading(healed);
  },
  question: (t) => [
    given("the server has sent its FIN, and has no answer", inState(t, lost, "server", "LAST-ACK")),
    given("it has one once the FIN has come", inState(t, healed, "server", "CLOSED")),
    claimed("the client is in TIME-WAIT while the FIN is lost", inState(t, lost, "client", "TIME-WAIT")),
    claimed("and when it has come", inState(t, healed, "client", "TIME-WAIT")),
  ],
};

export const thirdFin: Claim = {
  address: "loss/third-fin",
  statement: {
    en: "If the peer's FIN is lost, the side that closed first is in TIME-WAIT meanwhile.",
    zh: "对端的 FIN 丢失期间，主动关闭的一方处于 TIME-WAIT。",
  },
  sources: [...notes("N4"), rfc9293("3.3.2"), rfc9293("3.6"), rfc9293("3.10.7.4")],
  cases: [
    finLost("the client has ended and is in FIN-WAIT-2, which only a FIN turns into TIME-WAIT: the server's is lost", {
      closer: "client",
      way: "end",
    }),
    finLost("the server has ended and is in FIN-WAIT-2: the client's FIN is lost", { closer: "server", way: "end" }),
    finLost("the client has destroyed its socket and is in FIN-WAIT-2: the server's FIN is lost", {
      closer: "client",
      way: "destroy",
    }),
    finLost("the server has destroyed its socket and is in FIN-WAIT-2: the client's FIN is lost", {
      closer: "server",
      way: "destroy",
    }),
    finLost("the client has ended and is in FIN-WAIT-2: the server's FIN is lost, over IPv6", {
      closer: "client",
      way: "end",
      family: 6,
    }),
    answeredAtOnce,
  ],
};
