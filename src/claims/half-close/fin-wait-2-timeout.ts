import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc9293 } from "../sources.ts";
import { connectFor } from "./roles.ts";

/** From 60 s: three times this long is far past the timeout, its rounding included. */
const needs = { sysctls: { "net.ipv4.tcp_fin_timeout": 1 } };
const patienceMs = 3_000;
const because = "three times tcp_fin_timeout";

export const finWait2Timeout: Claim = {
  address: "half-close/fin-wait-2-timeout",
  statement: {
    en: "If the peer never sends its FIN, FIN-WAIT-2 ends by itself after tcp_fin_timeout.",
    zh: "如果对端一直不发送 FIN，FIN-WAIT-2 会在 tcp_fin_timeout 之后自行结束。",
  },
  sources: [...notes("N3"), rfc9293("3.6"), ipSysctl("tcp_fin_timeout"), manual("tcp(7)", "tcp_fin_timeout")],
  cases: [
    { name: "the client ends and keeps its socket (tcp_fin_timeout 1 s instead of 60 s)", ...endsAndWaits("client") },
    { name: "the server ends and keeps its socket (tcp_fin_timeout 1 s)", ...endsAndWaits("server") },
    { name: "the client ends, then destroys its socket (tcp_fin_timeout 1 s)", ...endsAndDestroys("client") },
    { name: "the server ends, then destroys its socket (tcp_fin_timeout 1 s)", ...endsAndDestroys("server") },
    { name: "the client destroys its socket at once (tcp_fin_timeout 1 s)", ...destroys("client") },
    { name: "the server's process is killed in FIN-WAIT-2 (tcp_fin_timeout 1 s)", ...isKilled() },
  ],
};

type Trial = Pick<Case, "needs" | "timerMs" | "experiment" | "question">;

function endsAndWaits(closer: Side): Trial {
  return trial(closer, async (lab) => {
    await halfCloses(lab, closer);
  });
}

function endsAndDestroys(closer: Side): Trial {
  return trial(closer, async (lab) => {
    const closing = await halfCloses(lab, closer);
    await closing.destroy();
  });
}

async function halfCloses(lab: Session, closer: Side): Promise<Endpoint> {
  const { closing, other } = await connectFor(lab, closer);
  await closing.end();
  await other.saw("end");
  await closing.reaches("FIN-WAIT-2");
  await lab.reading("half-closed");
  return closing;
}

function isKilled(): Trial {
  return trial("server", async (lab) => {
    const worker = await lab.process({ host: "server" });
    const listener = await lab.listen({ process: worker });
    const { client, server } = await lab.connect({ client: { allowHalfOpen: true }, server: listener });
    await server.end();
    await client.saw("end");
    await server.reaches("FIN-WAIT-2");
    await lab.reading("half-closed");
    await worker.kill();
  });
}

function trial(closer: Side, act: Case["experiment"]): Trial {
  const other = otherSide(closer);
  return {
    needs,
    timerMs: patienceMs,
    async experiment(lab) {
      await act(lab);
      await lab.elapse(patienceMs, because);
      await lab.reading("waited");
    },
    question: (t) => [
      given(`the ${closer} was in FIN-WAIT-2`, inState(t, "half-closed", closer, "FIN-WAIT-2")),
      given(`the ${other} has not closed`, inState(t, "waited", other, "CLOSE-WAIT")),
      claimed(`the ${closer}'s FIN-WAIT-2 is over`, inState(t, "waited", closer, "CLOSED")),
    ],
  };
}

/** The timer runs from the first moment, so FIN-WAIT-2 need not be read: the peer's CLOSE-WAIT implies it. */
function destroys(closer: Side): Trial {
  const other = otherSide(closer);
  return {
    needs,
    timerMs: patienceMs,
    async experiment(lab) {
      const pair = await connectFor(lab, closer);
      await pair.closing.destroy();
      await pair.other.saw("end");
      await lab.elapse(patienceMs, because);
      await lab.reading("waited");
    },
    question: (t) => [
      given(`the ${other} has the FIN and has not closed`, inState(t, "waited", other, "CLOSE-WAIT")),
      claimed(`the ${closer}'s FIN-WAIT-2 is over`, inState(t, "waited", closer, "CLOSED")),
    ],
  };
}
