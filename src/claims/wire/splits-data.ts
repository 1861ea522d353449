import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { delivered } from "../shared/delivered.ts";
import { routeTo } from "../shared/routes.ts";
import { sides } from "../shared/sides.ts";
import { manual, notes, rfc1122, rfc6691, rfc9293 } from "../sources.ts";
import { withoutOffload } from "./offload.ts";

const large = 100_000;

/** The MSS that the receiver of the data asked for. */
function mssOf(all: readonly WireSegment[]): number | undefined {
  return sentBy(all, "server").find((segment) => has(segment, "SYN"))?.fact.segment.options.mss;
}

const dataOf = (all: readonly WireSegment[]) => sentBy(all, "client").filter(carriesData);

function splits(t: Timeline): readonly Check[] {
  return [
    given("the server is handed all of it", delivered(t, "client", "server", large)),
    claimed(
      "the write leaves as several segments",
      onWire(t, sides, (all) => {
        const data = dataOf(all);
        return data.length === 0 ? { answer: undefined, shown: [] } : { answer: data.length > 1, shown: data };
      }),
    ),
    claimed(
      "none has more data than the MSS in the peer's SYN",
      onWire(t, sides, (all) => {
        const mss = mssOf(all);
        if (mss === undefined) return { answer: undefined, shown: [] };
        return everySegment(dataOf(all), ({ fact }) => fact.segment.payloadBytes <= mss);
      }),
    ),
  ];
}

async function writes(lab: Session, family: 4 | 6 = 4): Promise<void> {
  const { client, server } = await lab.connect({
    client: { family },
    server: { bind: family === 6 ? "v6" : "v4" },
  });
  await client.end(large);
  await server.saw("end", { within: 30_000 });
}

const byDefault: Case = {
  name: "cutting is left to the network card, as by default (TSO): captured before it",
  needs: { capture: true },
  experiment: (lab) => writes(lab),
  question: splits,
};

function bySystem(name: string, family: 4 | 6): Case {
  return {
    name,
    needs: { capture: true, exclusive: true },
    async experiment(lab) {
      await using _offload = await withoutOffload(lab, "tso");
      await writes(lab, family);
    },
    question: splits,
  };
}

/** Asked for by a route, as a path of small packets would. */
const smallMss = 536;

const askedForLess: Case = {
  name: `the kernel cuts (TSO off), and the server asks for an MSS of ${smallMss} (ip route advmss)`,
  needs: { capture: true, exclusive: true },
  async experiment(lab) {
    await using _offload = await withoutOffload(lab, "tso");
    const server = lab.host("server");
    await using _route = await routeTo(server, lab.host("client").addresses.v4, "advmss", `${smallMss}`);
    await writes(lab);
  },
  question: (t) => [
    given(
      `the server's SYN+ACK has an MSS of ${smallMss}`,
      onWire(t, sides, (all) =>
        someSegment(all, (one) => has(one, "SYN", "ACK") && one.fact.segment.options.mss === smallMss),
      ),
    ),
    ...splits(t),
  ],
};

export const splitsData: Claim = {
  address: "wire/splits-data",
  statement: {
    en: "A large write is cut into several segments, none with more data than the maximum segment size (MSS).",
    zh: "一次写入的大量数据会被分成多个报文段，每段的数据不超过最大报文段长度（MSS）。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.7.1"),
    rfc6691("2"),
    rfc1122("4.2.2.6"),
    manual("ethtool(8)", "tso"),
    manual("ip-route(8)", "advmss"),
  ],
  cases: [
    byDefault,
    bySystem("the kernel cuts (ethtool -K tso off)", 4),
    bySystem("the kernel cuts (ethtool -K tso off), over IPv6", 6),
    askedForLess,
  ],
};
