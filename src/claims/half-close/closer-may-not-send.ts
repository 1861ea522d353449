import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { EventFact } from "../../model/fact.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";
import { connectFor } from "./roles.ts";

export const closerMayNotSend: Claim = {
  address: "half-close/closer-may-not-send",
  statement: {
    en: "The side that has closed sends no more data.",
    zh: "已经关闭的一方不再发送数据。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.6"), manual("shutdown(2)"), nodeNet("socketenddata-encoding-callback")],
  cases: [
    { name: "the client writes after end()", ...writesAfter("client", "end") },
    { name: "the server writes after end()", ...writesAfter("server", "end") },
    { name: "the client writes after destroy()", ...writesAfter("client", "destroy") },
    {
      name: "what the client wrote before end() has not arrived yet",
      async experiment(lab) {
        const { client, server } = await connectFor(lab, "client");
        await using lost = await lab.lose("everything", { from: client });
        await client.write(5);
        await client.end();
        await client.reaches("FIN-WAIT-1");
        await lab.reading("closed");
        await lost.lift();
        await server.saw("end");
        await lab.reading("delivered");
      },
      question: (t) => [
        given("the client has closed", inState(t, "closed", "client", "FIN-WAIT-1")),
        given(
          "5 bytes and the FIN wait in its queue",
          queueAt(t, "closed", "client", "sendQ", (size) => size === 6),
        ),
        given(
          "the server has received nothing",
          received(t, "server", "closed", (bytes) => bytes === 0),
        ),
        claimed(
          "the server receives nothing more",
          received(t, "server", "delivered", (bytes) => bytes === 0),
        ),
      ],
    },
  ],
};

const refused = (detail: EventFact["detail"]) => detail.error !== undefined;

/** The closer writes 5 bytes, closes, and is asked to write 7 more. */
function writesAfter(closer: Side, call: "end" | "destroy"): Pick<Case, "experiment" | "question"> {
  const other = otherSide(closer);
  return {
    async experiment(lab) {
      const { closing, other } = await connectFor(lab, closer);
      await closing.write(5);
      await other.received(5);
      await (call === "end" ? closing.end() : closing.destroy());
      await other.saw("end");
      await lab.reading("half-closed");
      await closing.write(7);
      await other.end();
      await closing.saw("close");
      await other.saw("close");
      await lab.reading("over");
    },
    question: (t) => [
      given(`the ${other} has the ${closer}'s FIN`, inState(t, "half-closed", other, "CLOSE-WAIT")),
      given(
        "it had received 5 bytes by then",
        received(t, other, "half-closed", (bytes) => bytes === 5),
      ),
      claimed("the write is refused", sawEvent(t, closer, "written", { where: refused, by: "over" })),
      claimed(
        `the ${other} receives nothing more`,
        received(t, other, "over", (bytes) => bytes === 5),
      ),
    ],
  };
}
