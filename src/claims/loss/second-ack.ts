import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { eachAcknowledged, sentAgain } from "../shared/fins.ts";
import { closes, connectPair, connectSides, leaves, otherSide, type Side, type WayToClose } from "../shared/sides.ts";
import { unhurried, unhurriedNeeds } from "../shared/unhurried.ts";
import { notes, rfc6298, rfc9293 } from "../sources.ts";

const lost = "the ACK of the FIN is lost";
const healed = "nothing is lost any more";

interface Plan {
  readonly closer: Side;
  readonly way: WayToClose;
  readonly family?: 4 | 6;
  /** How many ACKs are lost at least: each FIN that is sent again brings forth another. */
  readonly losses?: number;
}

function ackLost(name: string, { closer, way, family = 4, losses = 2 }: Plan): Case {
  const peer = otherSide(closer);
  return {
    name,
    needs: { capture: true },
    timerMs: losses > 2 ? 1_600 : 400,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, closer, family);
      await using ack = await lab.lose("ACK of FIN", { from: passive });
      await closes(active, way);
      await passive.saw("end");
      await orLate(ack.catches(losses));
      await lab.reading(lost);
      await ack.lift();
      await orLate(leaves(active, "FIN-WAIT-1"));
      await lab.reading(healed);
    },
    question: (t) => [
      given(`the ${peer} has the FIN`, sawEvent(t, peer, "end", { by: lost })),
      given(`the ${closer} does not know it`, inState(t, lost, closer, "FIN-WAIT-1")),
      claimed("the FIN is sent again", sentAgain(t, closer, losses - 1)),
      claimed("each that comes is acknowledged", eachAcknowledged(t, closer, losses - 1)),
      claimed(`the ${closer} has its ACK in the end`, inState(t, healed, closer, "FIN-WAIT-2")),
      claimed(`the ${peer} is none the worse for it`, inState(t, healed, peer, "CLOSE-WAIT")),
    ],
  };
}

/** The FIN's first timer is put off, so that what the server does next comes before it without any haste. */
function acknowledgedByMore(
  what: string,
  goesOn: (server: Endpoint, client: Endpoint) => Promise<void>,
  inTheEnd: (t: Timeline) => Check,
): Case {
  return {
    name: `the ACK is lost, and the server ${what} before the FIN is due again ${unhurried}`,
    needs: unhurriedNeeds,
    async experiment(lab) {
      const { client, server } = await connectPair(lab);
      await using ack = await lab.lose("ACK of FIN", { from: server, times: 1 });
      await closes(client, "end");
      await server.saw("end");
      await ack.catches();
      await lab.reading(lost);
      await goesOn(server, client);
      await lab.reading(healed);
    },
    question: (t) => [
      given("the server has the FIN", sawEvent(t, "server", "end", { by: lost })),
      given("the client does not know it", inState(t, lost, "client", "FIN-WAIT-1")),
      inTheEnd(t),
      claimed("the FIN is sent again", sentAgain(t, "client")),
    ],
  };
}

const dataAcknowledges = acknowledgedByMore(
  "sends data",
  async (server, client) => {
    await server.write(1_000);
    await client.received(1_000);
    await orLate(leaves(client, "FIN-WAIT-1"));
  },
  (t) => given("it does in the end", inState(t, healed, "client", "FIN-WAIT-2")),
);

const finAcknowledges = acknowledgedByMore(
  "ends too",
  async (server) => {
    await closes(server, "end");
    await orLate(leaves(server, "LAST-ACK"));
  },
  (t) => given("it does in the end, and has the server's", inState(t, healed, "client", "TIME-WAIT")),
);

export const secondAck: Claim = {
  address: "loss/second-ack",
  statement: {
    en: "If the ACK of the FIN is lost, the closer sends its FIN again, and the peer acknowledges it again.",
    zh: "对 FIN 的确认丢失时，主动关闭的一方会重发 FIN，对端再次确认。",
  },
  sources: [...notes("N4"), rfc9293("3.10.7.4"), rfc9293("3.8.1"), rfc6298("5")],
  cases: [
    ackLost("the client ends, the server keeps its side open and is silent", { closer: "client", way: "end" }),
    ackLost("the server ends, the client keeps its side open and is silent", { closer: "server", way: "end" }),
    ackLost("the client ends, four ACKs are lost, one after another", { closer: "client", way: "end", losses: 4 }),
    ackLost("the client ends, over IPv6", { closer: "client", way: "end", family: 6 }),
    ackLost("the client destroys its socket", { closer: "client", way: "destroy" }),
    dataAcknowledges,
    finAcknowledges,
  ],
};
