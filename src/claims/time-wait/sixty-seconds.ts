import type { Case, Claim } from "../../experiment/claim.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import { leaves, otherSide, type Sides } from "../shared/sides.ts";
import { manual, notes, rfc1337, rfc9293 } from "../sources.ts";
import { type Closing, closeBoth, closeHalf, closeOther } from "./closing.ts";
import { isFresh, lastedAMinute, lasting, outlast, timeWaitTimerMs } from "./lasting.ts";

function leftAlone(name: string, closing: Closing): Case {
  const side = closing.active;
  return {
    name,
    timerMs: timeWaitTimerMs,
    async experiment(lab) {
      const { active } = await closeBoth(lab, closing);
      await outlast(lab, active);
    },
    question: (t) => [
      given(`the ${side} is in TIME-WAIT`, inState(t, lasting.begins, side, "TIME-WAIT")),
      given(`the ${otherSide(side)} is done`, inState(t, lasting.begins, otherSide(side), "CLOSED")),
      claimed("its timer is set to 60 s", isFresh(t, lasting.begins, side)),
      claimed("it is there after 55 s", inState(t, lasting.late, side, "TIME-WAIT")),
      claimed("it is over after 60 s, and what the kernel's timer rounds up", lastedAMinute(t, side)),
    ],
  };
}

/**
 * The last ACK is late: the FIN is sent again and acknowledged again. The first of these ACKs ends the server's
 * connection, and the second is answered with RST, for there is none any more (RFC 1337 §2).
 */
async function closeWithLateAcks(lab: Session): Promise<Sides> {
  const sides = await closeHalf(lab, { active: "client" });
  const late = await lab.hold({ from: sides.active });
  await closeOther(sides);
  await sides.passive.resends();
  await lab.reading("the ACKs are late");
  await late.release();
  await leaves(sides.passive, "LAST-ACK");
  return sides;
}

const hazard: Case = {
  name: "the last ACK is late, and a second one is answered with RST (tcp_rfc1337 0, the default)",
  needs: { exclusive: true },
  async experiment(lab) {
    const { active } = await closeWithLateAcks(lab);
    await orLate(active.reaches("CLOSED"));
    await lab.reading(lasting.over);
  },
  question: (t) => [
    given("the client was in TIME-WAIT", inState(t, "the ACKs are late", "client", "TIME-WAIT")),
    given("the server is done", inState(t, lasting.over, "server", "CLOSED")),
    claimed("the client's TIME-WAIT goes on", inState(t, lasting.over, "client", "TIME-WAIT")),
  ],
};

const noHazard: Case = {
  name: "the last ACK is late, and a second one is answered with RST (tcp_rfc1337 0 → 1)",
  needs: { exclusive: true, sysctls: { "net.ipv4.tcp_rfc1337": 1 } },
  timerMs: timeWaitTimerMs,
  async experiment(lab) {
    const { active } = await closeWithLateAcks(lab);
    await outlast(lab, active);
  },
  question: (t) => [
    given("the client was in TIME-WAIT", inState(t, "the ACKs are late", "client", "TIME-WAIT")),
    given("the server is done", inState(t, lasting.begins, "server", "CLOSED")),
    claimed("it is there after 55 s", inState(t, lasting.late, "client", "TIME-WAIT")),
    claimed("it is over after 60 s, and what the kernel's timer rounds up", lastedAMinute(t, "client")),
  ],
};

const taken: Case = {
  name: "the client connects again from the port that it had",
  async experiment(lab) {
    const { client, server, listener } = await lab.connect({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true },
    });
    await server.end();
    await client.saw("end");
    await closeOther({ active: server, passive: client });
    await leaves(client, "LAST-ACK");
    await lab.reading(lasting.begins);
    const again = await lab.attempt(listener, { localPort: client.local.port });
    await again.saw(["connect", "error"]);
    await lab.reading(lasting.over);
  },
  question: (t) => [
    given("the server is in TIME-WAIT", inState(t, lasting.begins, "server", "TIME-WAIT")),
    claimed("the server's TIME-WAIT goes on", not(inState(t, lasting.over, "server", ["SYN-RECEIVED", "ESTABLISHED"]))),
  ],
};

export const sixtySeconds: Claim = {
  address: "time-wait/sixty-seconds",
  statement: {
    en: "TIME-WAIT lasts 2 MSL, and that is one minute.",
    zh: "TIME-WAIT 持续 2 倍 MSL，也就是一分钟。",
  },
  sources: [...notes("N1", "N3"), rfc9293("3.4.2"), rfc9293("3.6.1"), rfc1337("2"), manual("tcp(7)", "tcp_rfc1337")],
  cases: [
    leftAlone("left alone, after the client's end()", { active: "client" }),
    leftAlone("left alone, after the server's end()", { active: "server" }),
    leftAlone("left alone, after the client's destroy()", { active: "client", way: "destroy" }),
    leftAlone("left alone, over IPv6", { active: "client", family: 6 }),
    noHazard,
    hazard,
    taken,
  ],
};
