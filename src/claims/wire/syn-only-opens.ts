import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, inTurn, onWire, someSegment } from "../../judge/wire.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, type WireSegment } from "../../timeline/wire.ts";
import { opensAtOnce, opensWithout, whenOpen } from "../shared/opening.ts";
import { sides } from "../shared/sides.ts";
import { notes, rfc6298, rfc9293 } from "../sources.ts";
import { wholeConversation } from "./conversation.ts";

const isSet = (segment: WireSegment) => has(segment, "SYN");

function inTheFirstTwo(t: Timeline): readonly Check[] {
  return [
    claimed(
      "the first two segments have SYN",
      onWire(t, sides, (all) => inTurn(all, [isSet, isSet])),
    ),
    claimed(
      "no other has",
      onWire(t, sides, (all) => everySegment(all.slice(2), (segment) => !isSet(segment))),
    ),
  ];
}

function whole(family: 4 | 6): Case {
  return {
    name: `a whole connection over IPv${family}, from open to close`,
    needs: { capture: true },
    experiment: (lab) => wholeConversation(lab, family),
    question: (t) => [
      given(
        "both sides have closed",
        onWire(t, sides, (all) => someSegment(all, (segment) => segment.from === "server" && has(segment, "FIN"))),
      ),
      ...inTheFirstTwo(t),
    ],
  };
}

export const synOnlyOpens: Claim = {
  address: "wire/syn-only-opens",
  statement: {
    en: "SYN is 1 in the first two segments of a connection only, the request and its acceptance; in all others it is 0.",
    zh: "SYN 只在连接的前两个报文段（请求和应答）中为 1，其余报文段都为 0。",
  },
  sources: [...notes("N0", "N2"), rfc9293("3.5"), rfc9293("3.1"), rfc6298("2")],
  cases: [
    whole(4),
    whole(6),
    whenOpen("the SYN is lost and sent again", opensWithout("SYN"), inTheFirstTwo),
    whenOpen("the SYN+ACK is lost and sent again", opensWithout("SYN+ACK"), inTheFirstTwo),
    whenOpen("both sides connect to each other at the same time", opensAtOnce, inTheFirstTwo),
  ],
};
