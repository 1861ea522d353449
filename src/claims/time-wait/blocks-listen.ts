import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { callFailed } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { CallRefused } from "../../lab/agent/link.ts";
import type { PeerListenOptions } from "../../lab/peer/listener.ts";
import type { Session } from "../../lab/session.ts";
import { isFinwaitError } from "../../model/errors.ts";
import { addressText } from "../../model/socket.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";

export const blocksListen: Claim = {
  address: "time-wait/blocks-listen",
  statement: {
    en: "As long as connections of a server that has stopped are in TIME-WAIT, no server can be started again on its port.",
    zh: "服务器停止后，只要它的连接还处于 TIME-WAIT，就不能在同一端口上重新启动服务器。",
  },
  sources: [
    ...notes("N1"),
    manual("socket(7)", "SO_REUSEADDR"),
    manual("ip(7)", "Address format"),
    manual("bind(2)", "EADDRINUSE"),
    nodeNet("serverlisten"),
    rfc9293("3.3.2"),
  ],
  cases: [
    { name: "Node's listen(), which sets SO_REUSEADDR", ...restart("server", listenAgain, "listen()") },
    { name: "a program without SO_REUSEADDR", ...restart("server", bind({ reuseAddress: false })) },
    { name: "the same program with SO_REUSEADDR", ...restart("server", bind({ reuseAddress: true })) },
    {
      name: "without SO_REUSEADDR, on another address of the host",
      ...restart("server", bind({ reuseAddress: false, bind: "127.0.0.1" })),
    },
    {
      name: "without SO_REUSEADDR, on all addresses of the host",
      ...restart("server", bind({ reuseAddress: false, bind: "0.0.0.0" })),
    },
    {
      name: "without SO_REUSEADDR, where the client closed first and has the TIME-WAIT",
      ...restart("client", bind({ reuseAddress: false })),
    },
  ],
};

/** Starts the second server. What becomes of it is recorded as a call of "second server". */
type Start = (lab: Session, port: number) => Promise<void>;

/** A server with one connection, closed first by `closer`, is stopped; then a second one is started on its port. */
function restart(closer: Side, start: Start, call = "bind()"): Pick<Case, "experiment" | "question"> {
  const other = otherSide(closer);
  return {
    async experiment(lab) {
      const pair = await lab.connect({
        client: { allowHalfOpen: closer === "server" },
        server: { allowHalfOpen: closer === "client" },
      });
      await pair[closer].end();
      await pair[other].saw("end");
      await pair[other].end();
      await pair[closer].reaches("TIME-WAIT");
      await pair[other].reaches("CLOSED");
      await pair.listener.close();
      await lab.reading("stopped");
      await start(lab, pair.listener.local.port);
    },
    question: (t) => [
      given("the first server is gone", inState(t, "stopped", "listener", "CLOSED")),
      given(`the ${closer} is in TIME-WAIT`, inState(t, "stopped", closer, "TIME-WAIT")),
      given(`the ${other} has nothing left`, inState(t, "stopped", other, "CLOSED")),
      claimed("the second one is refused the port", callFailed(t, second, call, "EADDRINUSE")),
    ],
  };
}

const second = "second server";

async function listenAgain(lab: Session, port: number): Promise<void> {
  let refusal: CallRefused["refusal"] | undefined;
  try {
    const { local } = await lab.listen({ name: "node", host: "server", port });
    lab.story.note("server", `Node listens on ${addressText(local)}`);
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error;
    refusal = error.refusal;
  }
  const host = lab.host("server");
  const identity = { name: second, host, process: undefined, local: { address: "", port }, peer: nobody };
  lab.story.call(identity, "listen()", undefined, refusal);
}

const nobody = { address: "*", port: 0 };

/** A program outside of Node, which always sets SO_REUSEADDR and has no call to leave it. */
function bind(options: Pick<PeerListenOptions, "bind" | "reuseAddress">): Start {
  return async (lab, port) => {
    try {
      await lab.peerListen({ name: second, host: "server", port, ...options });
    } catch (error) {
      // It is in the story.
      if (!isFinwaitError(error, "FINWAIT_CALL_FAILED")) throw error;
    }
  };
}
