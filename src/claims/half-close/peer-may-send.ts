import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import type { EventFact } from "../../model/fact.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { nodeNet, notes, rfc9293 } from "../sources.ts";
import { connectFor } from "./roles.ts";

const oneMebibyte = 1024 * 1024;

export const peerMaySend: Claim = {
  address: "half-close/peer-may-send",
  statement: {
    en: "After one side has closed, the other may go on sending, and the side that closed still receives it.",
    zh: "一方关闭之后，另一方仍可继续发送数据，先关闭的一方照样收得到。",
  },
  sources: [...notes("N0", "N4"), rfc9293("3.6"), rfc9293("3.6.1"), nodeNet("socketenddata-encoding-callback")],
  cases: [
    { name: "the client ends, the server then sends 5 bytes", ...sendsAfterTheFin("client", 5) },
    { name: "the client ends, the server then sends 1 MiB", ...sendsAfterTheFin("client", oneMebibyte) },
    { name: "the server ends, the client then sends 1 MiB", ...sendsAfterTheFin("server", oneMebibyte) },
    { name: "the client ends, the server then sends 5 bytes, over IPv6", ...sendsAfterTheFin("client", 5, 6) },
    {
      name: "the client's FIN has not arrived yet",
      async experiment(lab) {
        const { client, server } = await connectFor(lab, "client");
        await using lost = await lab.lose("FIN", { from: client });
        await client.end();
        await client.reaches("FIN-WAIT-1");
        await lab.reading("closed");
        await server.write(5);
        await lost.lift();
        await server.saw("end");
        await server.end();
        await client.saw("close");
        await lab.reading("over");
      },
      question: (t) => [
        given("the client has closed", inState(t, "closed", "client", "FIN-WAIT-1")),
        claimed(
          "the client receives the 5 bytes",
          received(t, "client", "over", (bytes) => bytes === 5),
        ),
      ],
    },
    {
      name: "the client closes with destroy()",
      async experiment(lab) {
        const { client, server } = await connectFor(lab, "client");
        await client.destroy();
        await server.saw("end");
        await lab.reading("closed");
        await server.write(5);
        await server.saw("written");
        await server.end();
        await server.saw("close");
        await lab.reading("over");
      },
      question: (t) => [
        given("the server has the client's FIN", inState(t, "closed", "server", "CLOSE-WAIT")),
        given("the server sent 5 bytes after it", sawEvent(t, "server", "written", { where: taken })),
        claimed(
          "the client receives the 5 bytes",
          received(t, "client", "over", (bytes) => bytes === 5),
        ),
      ],
    },
    {
      name: "the server keeps Node's default, allowHalfOpen: false",
      async experiment(lab) {
        const { client, server } = await lab.connect();
        await client.end();
        await server.saw("end");
        await server.write(5);
        await server.saw("written");
        await server.end();
        await client.saw("close");
        await lab.reading("over");
      },
      question: (t) => [
        given("the server wrote once it had seen the end", sawEvent(t, "server", "written")),
        claimed("the write is not refused", sawNoEvent(t, "server", "written", { where: refused, until: "over" })),
        claimed(
          "the client receives the 5 bytes",
          received(t, "client", "over", (bytes) => bytes === 5),
        ),
      ],
    },
  ],
};

const taken = (detail: EventFact["detail"]) => detail.error === undefined;
const refused = (detail: EventFact["detail"]) => detail.error !== undefined;

function sendsAfterTheFin(closer: Side, bytes: number, family: 4 | 6 = 4): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const { closing, other } = await connectFor(lab, closer, { family });
      await closing.end();
      await other.saw("end");
      await closing.reaches("FIN-WAIT-2");
      await lab.reading("half-closed");
      await other.end(bytes);
      await closing.saw("close");
      await lab.reading("over");
    },
    question: (t) => [
      given(`the ${closer} has closed`, inState(t, "half-closed", closer, "FIN-WAIT-2")),
      given(`the ${otherSide(closer)} has not`, inState(t, "half-closed", otherSide(closer), "CLOSE-WAIT")),
      given(
        "nothing was sent before",
        received(t, closer, "half-closed", (total) => total === 0),
      ),
      claimed(
        `the ${closer} receives all ${bytes} bytes`,
        received(t, closer, "over", (total) => total === bytes),
      ),
    ],
  };
}
