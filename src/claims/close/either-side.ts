import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { closes, closesHalf, connectSides, leaves, otherSide } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";
import type { Closing } from "./in-steps.ts";

const halfClosed = "one side has closed";
const closed = "both sides have closed";

function closesFirst(name: string, { active: side, first = "end", family = 4 }: Closing): Case {
  const other = otherSide(side);
  return {
    name,
    async experiment(lab) {
      const { active, passive } = await connectSides(lab, side, family);
      await closesHalf(active, passive, first);
      await lab.reading(halfClosed);
      await closes(passive, "end");
      await leaves(active, "FIN-WAIT-2");
      await leaves(passive, "LAST-ACK");
      await lab.reading(closed);
    },
    question: (t) => [
      given(`the ${other}'s runtime has seen the end`, sawEvent(t, other, "end")),
      claimed(`the ${side} has the closer's role: FIN-WAIT-2`, inState(t, halfClosed, side, "FIN-WAIT-2")),
      claimed(`the ${other} has the other: CLOSE-WAIT`, inState(t, halfClosed, other, "CLOSE-WAIT")),
      claimed(`the ${side} waits in TIME-WAIT in the end`, inState(t, closed, side, "TIME-WAIT")),
      claimed(`the ${other} is CLOSED in the end`, inState(t, closed, other, "CLOSED")),
    ],
  };
}

export const eitherSide: Claim = {
  address: "close/either-side",
  statement: {
    en: "Either side may close first, the server as well as the client; the roles then swap.",
    zh: "任何一方都可以先关闭，客户端可以，服务器也可以；角色随之互换。",
  },
  sources: [...notes("N0", "N4"), rfc9293("3.6"), rfc9293("3.3.2")],
  cases: [
    closesFirst("the client closes first with end()", { active: "client" }),
    closesFirst("the server closes first with end()", { active: "server" }),
    closesFirst("the client closes first with destroy()", { active: "client", first: "destroy" }),
    closesFirst("the server closes first with destroy()", { active: "server", first: "destroy" }),
    closesFirst("the client closes first with end(), over IPv6", { active: "client", family: 6 }),
    closesFirst("the server closes first with end(), over IPv6", { active: "server", family: 6 }),
  ],
};
