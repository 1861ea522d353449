import type { Case, Claim } from "../../experiment/claim.ts";
import { allOf, type Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, rowAt, timerAt } from "../../judge/states.ts";
import type { Needs } from "../../model/claim.ts";
import { reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { leaves, otherSide, type Side } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";
import { type Closing, closeWithoutLastAck } from "./closing.ts";

const before = "before the FIN comes again";
const after = "after it has come again";

/** Long enough to see the timer run down; the FIN is sent again until then, and lost. */
const pauseMs = 5_000;

function finAgain(name: string, closing: Closing, needs: Needs = {}): Case {
  const side = closing.active;
  const other = otherSide(side);
  return {
    name,
    needs,
    timerMs: pauseMs + 1_500,
    async experiment(lab) {
      const { passive, lastAck } = await closeWithoutLastAck(lab, closing);
      const fin = await lab.lose("FIN", { from: passive });
      await lab.elapse(pauseMs, "the timer is to be seen running down");
      await lab.reading(before);
      await lastAck.lift();
      await fin.lift();
      await leaves(passive, "LAST-ACK");
      await lab.reading(after);
    },
    question: (t) => [
      given(`the ${side} is in TIME-WAIT`, inState(t, before, side, "TIME-WAIT")),
      given(
        "its timer has run down by some seconds",
        timerAt(t, before, side, (timer) => (timer?.remainingMs ?? 60_000) <= 57_000),
      ),
      given(
        `the ${other} has been sending its FIN again`,
        rowAt(t, before, other, ({ state, timer }) => state === "LAST-ACK" && (timer?.retransmits ?? 0) > 0),
      ),
      given(`the ${other}'s FIN has come and is acknowledged`, inState(t, after, other, "CLOSED")),
      claimed("the timer is further from its end than before", hasRisen(t, side)),
    ],
  };
}

/** A timer that nobody set again can only fall. */
function hasRisen(t: Timeline, side: Side): Observation {
  const earlier = reading(t, before, side)?.row?.timer?.remainingMs;
  return allOf(
    timerAt(t, before, side, (timer) => timer?.name === "timewait"),
    timerAt(
      t,
      after,
      side,
      (timer) => timer?.name === "timewait" && earlier !== undefined && timer.remainingMs > earlier,
    ),
  );
}

export const restarts: Claim = {
  address: "time-wait/restarts",
  statement: {
    en: "When the peer's FIN comes again, TIME-WAIT starts over.",
    zh: "在 TIME-WAIT 中再次收到对端的 FIN 时，计时重新开始。",
  },
  sources: [...notes("N0", "N2"), rfc9293("3.10.7.4")],
  cases: [
    finAgain("the client waits, the server's FIN comes again after 5 s", { active: "client" }),
    finAgain("the server waits, the client's FIN comes again after 5 s", { active: "server" }),
    finAgain("the client waits after destroy()", { active: "client", way: "destroy" }),
    finAgain("the client waits, over IPv6", { active: "client", family: 6 }),
    finAgain(
      "the client waits, without timestamps (net.ipv4.tcp_timestamps 1 → 0)",
      { active: "client" },
      {
        sysctls: { "net.ipv4.tcp_timestamps": 0 },
      },
    ),
  ],
};
