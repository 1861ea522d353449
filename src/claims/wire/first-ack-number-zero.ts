import type { Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWholeWire, onWire } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { isSyn, type WireSegment } from "../../timeline/wire.ts";
import { opensAtOnce, opensWithout, whenOpen } from "../shared/opening.ts";
import { connectPair } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";

const needs = { capture: true };

const isZero = ({ fact }: WireSegment) => fact.segment.acknowledgment === 0;

function saysZero(t: Timeline): Check {
  return claimed(
    "the acknowledgment field of every SYN without ACK holds 0",
    onWholeWire(t, (all) => everySegment(all.filter(isSyn), isZero)),
  );
}

/** At least so many SYNs, retransmissions included. */
function sent(t: Timeline, count: number): Check {
  return given(
    `${count} such SYNs were sent`,
    onWire(t, ["client", "server"], (all) => {
      const shown = all.filter(isSyn);
      return { answer: shown.length >= count, shown };
    }),
  );
}

async function reuses(lab: Session): Promise<void> {
  const listener = await lab.listen();
  const first = await lab.dial(listener);
  await first.resetAndDestroy();
  await first.saw("close");
  await lab.dial(listener, { name: "client-again", localPort: first.local.port });
}

export const firstAckNumberZero: Claim = {
  address: "wire/first-ack-number-zero",
  statement: {
    en: "The first SYN carries acknowledgment number 0.",
    zh: "第一个 SYN 报文段的确认号为 0。",
  },
  sources: [...notes("N3"), rfc9293("3.1"), rfc9293("3.5")],
  cases: [
    ...([4, 6] as const).map((family) =>
      whenOpen(
        `a client's SYN over IPv${family}`,
        { needs, experiment: async (lab) => void (await connectPair(lab, family)) },
        (t) => [saysZero(t)],
      ),
    ),
    whenOpen("the SYN is lost and sent again", opensWithout("SYN"), (t) => [sent(t, 2), saysZero(t)]),
    whenOpen(
      "the same addresses and ports, used before by a connection that was reset",
      { needs, experiment: reuses },
      (t) => [saysZero(t)],
    ),
    whenOpen("both sides connect to each other at the same time: two first SYNs", opensAtOnce, (t) => [
      sent(t, 2),
      saysZero(t),
    ]),
  ],
};
