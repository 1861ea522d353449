import type { Case, Claim } from "../../experiment/claim.ts";
import { caught } from "../../judge/caught.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Fault } from "../../lab/fault.ts";
import type { Session } from "../../lab/session.ts";
import { fewRetries } from "../shared/few-retries.ts";
import { closes, closesHalf, connectSides, otherSide, type Side, type Sides } from "../shared/sides.ts";
import { ipSysctl, manual, nodeNet, notes, rfc9293 } from "../sources.ts";

const lost = "the peer's FIN is lost";
const later = "later";
/** The peer's retries may take twice the 1.4 s that they stand for; by then an orphan's second is over too. */
const peerMs = 10_000;
/** Three times tcp_fin_timeout, and that beyond the end of the peer. */
const closerMs = 3_000;

interface Plan {
  readonly closer: Side;
  readonly closing: (active: Endpoint, passive: Endpoint) => Promise<void>;
  /** What is lost from then on. Default: the peer's FIN alone. */
  readonly cut?: boolean;
  /** Whether the closer's keep-alive may end it: Node asks for ten probes, one a second. */
  readonly keepAlive?: boolean;
}

function neverComes(name: string, plan: Plan): Case {
  const { closer, closing, cut = false } = plan;
  return trial(name, plan, async (lab) => {
    const { active, passive } = await connectSides(lab, closer);
    await closing(active, passive);
    const fault = await (cut ? lab.cut(active) : lab.lose("FIN", { from: passive }));
    await closes(passive, "end");
    await fault.catches();
    return { active, passive, fault };
  });
}

function trial(
  name: string,
  { closer, keepAlive = false }: Pick<Plan, "closer" | "keepAlive">,
  act: (lab: Session) => Promise<Sides & { readonly fault: Fault }>,
): Case {
  const peer = otherSide(closer);
  return {
    name,
    needs: fewRetries,
    timerMs: keepAlive ? 11_500 : closerMs + 3_500,
    async experiment(lab) {
      const { active, passive, fault } = await act(lab);
      await lab.reading(lost);
      await orLate(passive.reaches("CLOSED", { within: peerMs }));
      await orLate(active.reaches("CLOSED", { within: keepAlive ? 30_000 : closerMs }));
      await lab.reading(later);
      await fault.lift();
    },
    question: (t) => [
      given(`the ${peer} has closed too`, sawEvent(t, peer, "finish", { by: lost })),
      given(
        "its FIN was lost",
        caught(t, (count) => count > 0),
      ),
      claimed(`the ${closer}'s side is over`, inState(t, later, closer, "CLOSED")),
      claimed(`the ${peer}'s side is over`, inState(t, later, peer, "CLOSED")),
    ],
  };
}

async function destroys(active: Endpoint, passive: Endpoint): Promise<void> {
  await closes(active, "destroy");
  await passive.saw("end");
}

async function endsWithKeepAlive(active: Endpoint, passive: Endpoint): Promise<void> {
  await active.setKeepAlive(true, 1_000);
  await closesHalf(active, passive);
}

/** A socket that its program has not let go of is no orphan: tcp_retries2 counts for its FIN. */
const peerKeepsItsSocket: Case = trial(
  "the client destroys its socket, the server ends and never reads the client's end (tcp_retries2 15 → 2)",
  { closer: "client" },
  async (lab) => {
    const { client, server } = await lab.connect({
      server: { allowHalfOpen: true, pauseOnConnect: true, reading: "none" },
    });
    await closes(client, "destroy");
    await server.hasUnread(1);
    const fault = await lab.lose("FIN", { from: server });
    await closes(server, "end");
    await fault.catches();
    return { active: client, passive: server, fault };
  },
);

export const thirdFinForever: Claim = {
  address: "loss/third-fin-forever",
  statement: {
    en: "If the peer's FIN never arrives, both sides end by timeout.",
    zh: "如果对端的 FIN 始终没有到达，双方最后都会因超时而关闭。",
  },
  sources: [
    ...notes("N4"),
    rfc9293("3.6"),
    rfc9293("3.8.3"),
    ipSysctl("tcp_fin_timeout"),
    ipSysctl("tcp_orphan_retries"),
    manual("tcp(7)", "tcp_fin_timeout"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [
    neverComes("the client ends and keeps its socket (tcp_fin_timeout 60 → 1 s, tcp_orphan_retries 0 → 2)", {
      closer: "client",
      closing: closesHalf,
    }),
    neverComes("the server ends and keeps its socket (tcp_fin_timeout 60 → 1 s, tcp_orphan_retries 0 → 2)", {
      closer: "server",
      closing: closesHalf,
    }),
    neverComes("the client ends and keeps its socket, and the link is cut", {
      closer: "client",
      closing: closesHalf,
      cut: true,
    }),
    neverComes("the client destroys its socket (tcp_fin_timeout 60 → 1 s, tcp_orphan_retries 0 → 2)", {
      closer: "client",
      closing: destroys,
    }),
    neverComes("the server destroys its socket (tcp_fin_timeout 60 → 1 s, tcp_orphan_retries 0 → 2)", {
      closer: "server",
      closing: destroys,
    }),
    peerKeepsItsSocket,
    neverComes("the client ends and keeps its socket, keep-alive set, and the link is cut", {
      closer: "client",
      closing: endsWithKeepAlive,
      cut: true,
      keepAlive: true,
    }),
  ],
};
