import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, passedThrough } from "../../judge/states.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { closes, connectPair, leaves, type WayToClose } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";

const inFlight = "the FINs are in flight";
const crossed = "the FINs have come, their ACKs have not";
const closed = "everything has come";

function bothPass(t: Timeline): Check[] {
  return (["client", "server"] as const).flatMap((side) => [
    claimed(`the ${side} goes through CLOSING`, inState(t, crossed, side, "CLOSING")),
    claimed(`the ${side} comes to TIME-WAIT`, inState(t, closed, side, "TIME-WAIT")),
  ]);
}

function bothInFlight(name: string, way: WayToClose, family: 4 | 6 = 4): Case {
  return {
    name,
    needs: { exclusive: true },
    async experiment(lab) {
      const { client, server } = await connectPair(lab, family);
      await using clientsHold = await lab.hold({ from: client });
      await using serversHold = await lab.hold({ from: server });
      // After each side's FIN nothing more arrives: neither its ACKs nor the FIN once more, which would acknowledge too.
      await using clientsLoss = await lab.lose("everything", { from: client, sparing: 1 });
      await using serversLoss = await lab.lose("everything", { from: server, sparing: 1 });
      await Promise.all([closes(client, way), closes(server, way)]);
      await lab.reading(inFlight);
      await clientsHold.release();
      await serversHold.release();
      await Promise.all([leaves(client, "FIN-WAIT-1"), leaves(server, "FIN-WAIT-1")]);
      await lab.reading(crossed);
      await Promise.all([clientsLoss.lift(), serversLoss.lift()]);
      await Promise.all([leaves(client, "CLOSING"), leaves(server, "CLOSING")]);
      await lab.reading(closed);
    },
    question: (t) => [
      given("the client has sent its FIN", inState(t, inFlight, "client", "FIN-WAIT-1")),
      given("the server has sent its FIN before that came", inState(t, inFlight, "server", "FIN-WAIT-1")),
      ...bothPass(t),
    ],
  };
}

const oneLost: Case = {
  name: "both FINs are sent before either has come, and the client's is lost at first",
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    const fin = await lab.lose("FIN", { from: client });
    await closes(client, "end");
    await closes(server, "end");
    await client.saw("end");
    await leaves(server, "FIN-WAIT-1");
    await lab.reading(crossed);
    await fin.lift();
    await leaves(client, "CLOSING");
    await leaves(server, "FIN-WAIT-2");
    await lab.reading(closed);
  },
  question: (t) => [
    given("the client had sent its FIN when the server's came", passedThrough(t, "client", ["CLOSING"])),
    given("the server had sent its own before it saw the client's", passedThrough(t, "server", ["FIN-WAIT-2"])),
    ...bothPass(t),
  ],
};

export const simultaneous: Claim = {
  address: "close/simultaneous",
  statement: {
    en: "Both sides may close at the same time; both then go through CLOSING to TIME-WAIT.",
    zh: "双方可以同时关闭；这时两边都经过 CLOSING，再到 TIME-WAIT。",
  },
  sources: [...notes("N4"), rfc9293("3.6"), rfc9293("3.3.2")],
  cases: [
    bothInFlight("both FINs are in flight, after end()", "end"),
    bothInFlight("both FINs are in flight, after destroy()", "destroy"),
    bothInFlight("both FINs are in flight, after end(), over IPv6", "end", 6),
    oneLost,
  ],
};
