import type { Case, Claim } from "../../experiment/claim.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState, rowAt } from "../../judge/states.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Needs } from "../../model/claim.ts";
import { has } from "../../timeline/wire.ts";
import { eachAcknowledged } from "../shared/fins.ts";
import { leaves, otherSide } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";
import { type Closing, closeWithoutLastAck } from "./closing.ts";

const lost = "the last ACK is lost";
const again = "it is not lost any more";

/** `times`: how often the FIN comes again while the ACKs are lost. */
function lastAckLost(name: string, closing: Closing, times = 1, needs: Needs = {}): Case {
  const side = closing.active;
  const other = otherSide(side);
  return {
    name,
    needs: { ...needs, capture: true },
    // The retransmission timer starts at some 200 ms and doubles.
    timerMs: 2 ** (times + 1) * 200,
    async experiment(lab) {
      const { passive, lastAck } = await closeWithoutLastAck(lab, closing);
      await passive.resends(times);
      await lab.reading(lost);
      await lastAck.lift();
      await orLate(leaves(passive, "LAST-ACK"));
      await lab.reading(again);
    },
    question: (t) => [
      given(`the ${side} is in TIME-WAIT`, inState(t, lost, side, "TIME-WAIT")),
      given(
        `the ${other} has sent its FIN again`,
        rowAt(t, lost, other, ({ state, timer }) => state === "LAST-ACK" && (timer?.retransmits ?? 0) >= times),
      ),
      claimed("every FIN that came is acknowledged, and acknowledged again", eachAcknowledged(t, other, times)),
      claimed(
        "no RST is sent",
        not(onWire(t, [side, other], (segments) => someSegment(segments, (segment) => has(segment, "RST")))),
      ),
      claimed(`the ${other}'s close comes to its end`, inState(t, again, other, "CLOSED")),
      claimed(`the ${side} still waits`, inState(t, again, side, "TIME-WAIT")),
    ],
  };
}

export const reacksFin: Claim = {
  address: "time-wait/reacks-fin",
  statement: {
    en: "When the last ACK was lost and the peer sends its FIN again, TIME-WAIT acknowledges it again.",
    zh: "最后一个 ACK 丢失时，对端会重发 FIN，处于 TIME-WAIT 的一方会再次确认。",
  },
  sources: [...notes("N0", "N1", "N2"), rfc9293("3.6"), rfc9293("3.10.7.4")],
  cases: [
    lastAckLost("the client waits, its last ACK lost until the FIN has come twice", { active: "client" }),
    lastAckLost("the server waits, its last ACK lost until the FIN has come twice", { active: "server" }),
    lastAckLost("the client waits after destroy()", { active: "client", way: "destroy" }),
    lastAckLost("the client waits, over IPv6", { active: "client", family: 6 }),
    lastAckLost("the client waits, its ACKs lost until the FIN has come four times", { active: "client" }, 3),
    lastAckLost("the client waits, without timestamps (net.ipv4.tcp_timestamps 1 → 0)", { active: "client" }, 1, {
      sysctls: { "net.ipv4.tcp_timestamps": 0 },
    }),
  ],
};
