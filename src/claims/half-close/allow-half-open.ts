import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { callsOf, reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { nodeNet, rfc9293 } from "../sources.ts";

const oneMebibyte = 1024 * 1024;

export const allowHalfOpen: Claim = {
  address: "half-close/allow-half-open",
  statement: {
    en: "By default a Node socket ends its own side when the peer's FIN arrives; with allowHalfOpen: true its writing side stays open.",
    zh: "Node 的套接字默认在收到对端 FIN 时也结束自己这一侧；设置 allowHalfOpen: true 后，写方向保持打开。",
  },
  sources: [rfc9293("3.6"), nodeNet("netcreateserveroptions-connectionlistener"), nodeNet("new-netsocketoptions")],
  cases: [
    { name: "allowHalfOpen: false on the server, the client ends", ...endsItself("server") },
    { name: "allowHalfOpen: false on the client, the server ends", ...endsItself("client") },
    { name: "allowHalfOpen: true on the server, the client ends", ...staysOpen("server") },
    { name: "allowHalfOpen: true on the client, the server ends", ...staysOpen("client") },
    {
      name: "allowHalfOpen: false on a server that has 1 MiB still to send",
      async experiment(lab) {
        const { client, server } = await lab.connect();
        await server.write(oneMebibyte);
        await client.end();
        await client.received(oneMebibyte);
        await server.saw("end");
        await server.inspect();
        await lab.reading("answered");
      },
      question: (t) => [
        given("nobody called end() on the server", neverCalled(t, "server", "end()")),
        claimed("the server's writing side ends", hasEnded(t, "server")),
        claimed(
          "after all it had to send",
          received(t, "client", "answered", (bytes) => bytes === oneMebibyte),
        ),
      ],
    },
    {
      name: "allowHalfOpen: false on a server that leaves the client's data unread",
      async experiment(lab) {
        const { client, server } = await lab.connect({ server: { reading: "none" } });
        await client.end(5);
        await server.reaches(["CLOSE-WAIT", "LAST-ACK", "CLOSED"]);
        await lab.elapse(300, "the server's runtime has the time to answer the FIN");
        await lab.reading("answered");
      },
      question: (t) => [
        given("nobody called end() on the server", neverCalled(t, "server", "end()")),
        given("the client's FIN has arrived", inState(t, "answered", "server", ["CLOSE-WAIT", "LAST-ACK", "CLOSED"])),
        claimed("the server's writing side ends", hasEnded(t, "server")),
      ],
    },
  ],
};

function endsItself(passive: Side): Pick<Case, "experiment" | "question"> {
  const closer = otherSide(passive);
  return {
    async experiment(lab) {
      const pair = await lab.connect();
      await pair[closer].end();
      await pair[passive].saw("end");
      await pair[passive].inspect();
      await lab.reading("answered");
    },
    question: (t) => [
      given(`nobody called end() on the ${passive}`, neverCalled(t, passive, "end()")),
      given(`the ${passive} has the ${closer}'s FIN`, sawEvent(t, passive, "end")),
      claimed(`the ${passive}'s writing side ends`, hasEnded(t, passive)),
    ],
  };
}

function staysOpen(passive: Side): Pick<Case, "experiment" | "question"> {
  const closer = otherSide(passive);
  return {
    async experiment(lab) {
      const pair = await lab.connect({
        client: { allowHalfOpen: passive === "client" },
        server: { allowHalfOpen: passive === "server" },
      });
      await pair[closer].end();
      await pair[passive].saw("end");
      await lab.elapse(300, "the runtime has the time to answer the FIN");
      await lab.reading("answered");
      await pair[passive].end(5);
      await pair[closer].saw("close");
      await lab.reading("over");
    },
    question: (t) => [
      given(`the ${passive} has the ${closer}'s FIN`, sawEvent(t, passive, "end")),
      claimed(`the ${passive} has not closed`, inState(t, "answered", passive, "CLOSE-WAIT")),
      claimed(
        `the ${passive} can still send`,
        received(t, closer, "over", (bytes) => bytes === 5),
      ),
    ],
  };
}

function hasEnded(t: Timeline, passive: Side) {
  return inState(t, "answered", passive, ["LAST-ACK", "CLOSED"]);
}

/** The story begins with the connection: a call that is not in it when the answer is read was not made. */
function neverCalled(t: Timeline, endpoint: Side, call: string): Observation {
  const answered = reading(t, "answered", endpoint);
  if (answered === undefined) return { answer: undefined, evidence: [] };
  const made = callsOf(t, endpoint, call).filter(({ at }) => at <= answered.at);
  return { answer: made.length === 0, evidence: made.length === 0 ? [answered] : made };
}
