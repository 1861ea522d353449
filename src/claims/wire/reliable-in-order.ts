import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { delivered } from "../shared/delivered.ts";
import { sides } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc1122, rfc2018, rfc6298, rfc9293 } from "../sources.ts";
import { isAcknowledged } from "./conversation.ts";
import { withoutOffload } from "./offload.ts";

const small = 1000;
const burst = 256 * 1024;
const patience = { within: 30_000 };

const dataOf = (all: readonly WireSegment[]) => sentBy(all, "client").filter(carriesData);

/** Whether another segment that was not lost has this one's bytes too, or the part of them that other segments lack. */
function isSentAgain(lost: WireSegment, all: readonly WireSegment[]): boolean {
  const others = dataOf(all).filter((other) => other.fact.lostTo === undefined && other.fact.at > lost.fact.at);
  let covered = lost.seq;
  for (const { seq, next } of others.toSorted((a, b) => a.seq - b.seq))
    if (seq <= covered) covered = Math.max(covered, next);
  return covered >= lost.next;
}

const isLost = ({ fact }: WireSegment) => fact.lostTo !== undefined;

function someWasLost(t: Timeline): Check {
  return given(
    "some data was lost",
    onWire(t, sides, (all) => someSegment(dataOf(all), isLost)),
  );
}

function sentAgain(t: Timeline): readonly Check[] {
  return [
    someWasLost(t),
    claimed(
      "every byte of it is sent again",
      onWire(t, sides, (all) => everySegment(dataOf(all).filter(isLost), (lost) => isSentAgain(lost, all))),
    ),
  ];
}

function arrivesOnce(t: Timeline, bytes: number): Check {
  return claimed(
    `the server is handed all ${bytes} bytes once, in order (by count and SHA-256)`,
    delivered(t, "client", "server", bytes),
  );
}

/**
 * A first write arrives. The handshake's last ACK has the same number as the first byte: data behind this write is told from
 * it for certain, when the capture says what was lost.
 */
async function begins({ client, server }: Pair): Promise<void> {
  await client.write(small);
  await server.received(small);
  await isAcknowledged(client);
}

function writes(name: string, bytes: number, lose: (lab: Session, pair: Pair) => Promise<unknown>): Case {
  return {
    name,
    needs: { capture: true, exclusive: true },
    async experiment(lab) {
      await using _offload = await withoutOffload(lab, "tso");
      const pair = await lab.connect();
      await begins(pair);
      await lose(lab, pair);
      await pair.client.end(bytes);
      await pair.server.saw("close", patience);
    },
    question: (t) => [...sentAgain(t), arrivesOnce(t, small + bytes)],
  };
}

const acksLost: Case = {
  name: "the data arrives, and every ACK of it is lost for a while",
  needs: { capture: true },
  async experiment(lab) {
    const { client, server } = await lab.connect();
    const lost = await lab.lose("bare ACK", { from: server });
    await client.write(small);
    await client.resends();
    await lost.lift();
    await isAcknowledged(client);
    await client.end();
    await server.saw("close");
  },
  question: (t) => [
    given(
      "the same data came twice",
      onWire(t, sides, (all) => {
        const data = dataOf(all).filter((segment) => !isLost(segment));
        return data.length === 0 ? { answer: undefined, shown: [] } : { answer: data.length > 1, shown: data };
      }),
    ),
    arrivesOnce(t, small),
  ],
};

const overtaken: Case = {
  name: "the beginning of a write of 20,000 bytes is lost once, and more of it comes before that",
  needs: { capture: true },
  async experiment(lab) {
    const pair = await lab.connect();
    await begins(pair);
    const { client, server } = pair;
    await lab.lose("everything", { from: client, times: 1 });
    await client.end(20_000);
    await server.saw("close", patience);
  },
  question: (t) => [
    given(
      "more came while the beginning was missing: SACK says so",
      onWire(t, sides, (all) =>
        someSegment(
          sentBy(all, "server"),
          ({ fact, ack }) => ack === small + 1 && fact.segment.options.sack !== undefined,
        ),
      ),
    ),
    ...sentAgain(t),
    arrivesOnce(t, small + 20_000),
  ],
};

const forGood: Case = {
  name: "data is lost until the sender gives up (net.ipv4.tcp_retries2 15 → 3)",
  needs: { capture: true, sysctls: { "net.ipv4.tcp_retries2": 3 } },
  timerMs: 3_000,
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await using lost = await lab.lose("data", { from: client });
    await client.write(small);
    await client.saw("close", patience);
    await lab.reading("given up");
    await lost.lift();
    // The connection is unknown at the client now: what the server sends is answered by RST, and its stream is over.
    await server.write(1);
    await server.saw("close", patience);
  },
  question: (t) => [someWasLost(t), arrivesOnce(t, small)],
};

export const reliableInOrder: Claim = {
  address: "wire/reliable-in-order",
  statement: {
    en: "TCP is reliable: data that is lost is sent again, and the receiver gets everything once and in order.",
    zh: "TCP 是可靠的：丢失的数据会重传，接收方按顺序、不重复地收到全部数据。",
  },
  sources: [
    ...notes("N1", "N3"),
    rfc9293("2.2"),
    rfc9293("3.8.1"),
    rfc9293("3.8.3"),
    rfc6298("5"),
    rfc2018("4"),
    rfc1122("4.2.3.5"),
    ipSysctl("tcp_retries2"),
    manual("tcp(7)", "tcp_retries2"),
  ],
  cases: [
    writes("one segment of data is lost once", small, (lab, { client }) =>
      lab.lose("data", { from: client, times: 1 }),
    ),
    writes("a burst of 256 KiB, of which every 10th segment is lost", burst, (lab, { client }) =>
      lab.lose("everything", { from: client, every: 10 }),
    ),
    writes("a burst of 256 KiB, and its first 10 segments are lost", burst, (lab, { client }) =>
      lab.lose("everything", { from: client, times: 10 }),
    ),
    overtaken,
    acksLost,
    forGood,
  ],
};
