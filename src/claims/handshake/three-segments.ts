import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { inTurn, onWire } from "../../judge/wire.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import type { DialOptions } from "../../lab/session-options.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { isBareAck, isSyn, isSynAck, type WireSegment } from "../../timeline/wire.ts";
import { opensAtOnce } from "../shared/opening.ts";
import { sides } from "../shared/sides.ts";
import { manual, notes, rfc9293 } from "../sources.ts";

const by = (from: string, isIt: (segment: WireSegment) => boolean) => (segment: WireSegment) =>
  segment.from === from && isIt(segment);

const three = [by("client", isSyn), by("server", isSynAck), by("client", isBareAck)] as const;

function opensIt(t: Timeline): readonly Check[] {
  return [
    ...sides.map((side) => given(`the ${side}'s connection is open`, inState(t, "open", side, "ESTABLISHED"))),
    claimed(
      "the client sends SYN, the server SYN+ACK, the client ACK, in this order",
      onWire(t, sides, (all) => inTurn(all, three)),
    ),
    claimed(
      "and nothing else was sent",
      onWire(t, sides, (all) => ({ answer: all.length === three.length, shown: all })),
    ),
  ];
}

function opens(name: string, client: DialOptions, server: ListenOptions): Case {
  return {
    name,
    needs: { capture: true },
    async experiment(lab) {
      await lab.connect({ client, server });
      await lab.reading("open");
    },
    question: opensIt,
  };
}

export const threeSegments: Claim = {
  address: "handshake/three-segments",
  statement: {
    en: "Three segments open a connection: SYN, SYN+ACK, ACK.",
    zh: "建立连接需要三个报文段：SYN、SYN+ACK、ACK。",
  },
  sources: [...notes("N0", "N1", "N2"), rfc9293("3.5"), manual("ipv6(7)")],
  cases: [
    opens("over IPv4", { family: 4 }, { bind: "v4" }),
    opens("over IPv6", { family: 6 }, { bind: "v6" }),
    opens("a `::` listener reached over IPv4", { family: 4 }, { bind: "::" }),
    opens("a `::` listener reached over IPv6", { family: 6 }, { bind: "::" }),
    { name: "both sides connect to each other at the same time", ...opensAtOnce, question: opensIt },
  ],
};
