import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Needs } from "../../model/claim.ts";
import type { Check } from "../../model/verdict.ts";
import { reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, isSynAck, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { beginWith } from "../shared/begin-with.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc3168, rfc6093, rfc9293 } from "../sources.ts";
import { closesInTurn, talks } from "./conversation.ts";
import { isLeftToCard, withoutOffload } from "./offload.ts";

const connected = "connected";

/** The header as RFC 9293 §3.1 draws it, held against what is known of the connection from elsewhere. */
function fields(t: Timeline): readonly Check[] {
  return [
    claimed("the ports, 16 bits each, are those of the sockets as ss lists them", portsAreTheSockets(t)),
    claimed("the window, 16 bits, is what the peer's kernel takes it for (snd_wnd in ss)", windowIsTaken(t)),
    claimed(
      "the urgent pointer, 16 bits, is 0 wherever URG does not say that it counts",
      onWire(t, sides, (all) => everySegment(all, (one) => has(one, "URG") || one.fact.segment.urgentPointer === 0)),
    ),
    claimed(
      "the four reserved bits are zero",
      onWire(t, sides, (all) => everySegment(all, ({ fact }) => fact.segment.reserved === 0)),
    ),
    claimed(
      "the checksum, 16 bits, matches the segment, or is what a network card is given to go on from",
      onWire(t, sides, (all) => {
        const whole = all.filter(({ fact }) => fact.segment.checksumIsRight !== undefined);
        return everySegment(whole, ({ fact }) => fact.segment.checksumIsRight === true || isLeftToCard(fact.segment));
      }),
    ),
  ];
}

function portsAreTheSockets(t: Timeline): Observation {
  const row = reading(t, connected, "client")?.row;
  return onWire(t, sides, (all) => {
    if (row === undefined) return { answer: undefined, shown: [] };
    return everySegment(all, ({ from, fact }) => {
      const { source, destination } = fact.segment;
      const [clients, servers] = from === "client" ? [source, destination] : [destination, source];
      return clients.port === row.local.port && servers.port === row.peer.port;
    });
  });
}

/** Until the server says more, the window of its SYN+ACK is the one that the client goes by; it is never scaled. */
function windowIsTaken(t: Timeline): Observation {
  const taken = reading(t, connected, "client")?.row?.tcpInfo.snd_wnd;
  return onWire(t, sides, (all) => {
    if (taken === undefined) return { answer: undefined, shown: [] };
    return everySegment(all.filter(isSynAck), ({ fact }) => fact.segment.window === Number(taken));
  });
}

/** A connection from its first segment to its last. */
async function conversation(lab: Session, family: 4 | 6): Promise<void> {
  const pair = await connectPair(lab, family);
  await lab.reading(connected);
  await talks(pair);
  await closesInTurn(pair);
}

interface Condition {
  readonly family?: 4 | 6;
  readonly sysctls?: NonNullable<Needs["sysctls"]>;
}

function whole(name: string, { family = 4, sysctls = {} }: Condition = {}): Case {
  return {
    name,
    needs: { capture: true, exclusive: true, sysctls },
    async experiment(lab) {
      await using _offload = await withoutOffload(lab, "tx");
      await conversation(lab, family);
    },
    question: fields,
  };
}

const byDefault: Case = {
  name: "a whole connection, checksums left to the network card and captured before it fills them in, as by default",
  needs: { capture: true },
  experiment: (lab) => conversation(lab, 4),
  question: fields,
};

/** So many numbers are left before 2^32 when the client's SYN is sent. */
const left = 4;

const wrapping: Case = {
  name: "checksums computed by the kernel, the client's first number close to 2^32 (perl, TCP_QUEUE_SEQ)",
  needs: { capture: true, exclusive: true },
  async experiment(lab) {
    await using _offload = await withoutOffload(lab, "tx");
    const listener = await lab.listen();
    const client = await lab.peer(listener);
    await beginWith(client, -left);
    await client.connect();
    await client.connected();
    await lab.reading(connected);
    await client.send("0123456789");
    await listener.endOf(client).received(10);
    await client.shutdown("SHUT_WR");
    await listener.endOf(client).saw("close");
    await lab.reading("closed");
  },
  question: (t) => [
    given(
      `the SYN has number 2^32 - ${left}`,
      onWire(t, sides, (all) => everySegment(synsOf(all), ({ fact }) => fact.segment.sequence === numbers - left)),
    ),
    ...fields(t),
    claimed(
      "sequence numbers, 32 bits, go on from 0",
      onWire(t, sides, (all) =>
        everySegment(
          sentBy(all, "client").filter(({ seq }) => seq >= left),
          ({ fact, seq }) => fact.segment.sequence === seq - left,
        ),
      ),
    ),
    claimed(
      "so do acknowledgment numbers",
      onWire(t, sides, (all) =>
        everySegment(
          sentBy(all, "server").filter(({ ack }) => (ack ?? 0) >= left),
          ({ fact, ack }) => fact.segment.acknowledgment === (ack ?? 0) - left,
        ),
      ),
    ),
  ],
};

const numbers = 2 ** 32;

const synsOf = (all: readonly WireSegment[]) => sentBy(all, "client").filter((segment) => has(segment, "SYN"));

const urgent: Case = {
  name: "checksums computed by the kernel, five bytes of which the last is urgent (perl, MSG_OOB)",
  needs: { capture: true, exclusive: true },
  async experiment(lab) {
    await using _offload = await withoutOffload(lab, "tx");
    const listener = await lab.listen();
    const client = await lab.peer(listener);
    await client.connect();
    await client.connected();
    await lab.reading(connected);
    await client.sendUrgent("12345");
    await listener.endOf(client).received(4);
    await lab.reading("received");
  },
  question: (t) => [
    given(
      "some segment has URG",
      onWire(t, sides, (all) => someSegment(all, (one) => has(one, "URG"))),
    ),
    ...fields(t),
    claimed(
      "the urgent pointer, counted from the segment's number, ends the urgent data",
      onWire(t, sides, (all) =>
        everySegment(
          all.filter((one) => has(one, "URG")),
          ({ fact, seq }) => seq + fact.segment.urgentPointer === 6,
        ),
      ),
    ),
  ],
};

const askingForEcn: Case = {
  ...whole("checksums computed by the kernel, ECN asked for (tcp_ecn 2 → 1), six bits taken for reserved (RFC 793)", {
    sysctls: { "net.ipv4.tcp_ecn": 1 },
  }),
  question: (t) => [
    ...fields(t),
    claimed(
      "the six bits that RFC 793 reserved are zero: two of them are CWR and ECE now",
      onWire(t, sides, (all) =>
        everySegment(all, (one) => one.fact.segment.reserved === 0 && !has(one, "CWR") && !has(one, "ECE")),
      ),
    ),
  ],
};

export const headerFields: Claim = {
  address: "wire/header-fields",
  statement: {
    en: "In a TCP header ports, window, checksum and urgent pointer have 16 bits each, sequence and acknowledgment number 32; reserved bits are zero, and the checksum matches the segment once the network card, where it is left to it, has filled it in.",
    zh: "TCP 首部中，端口、窗口、校验和、紧急指针各占 16 位，序号和确认号各占 32 位；保留位为 0，校验和与报文段内容相符（交给网卡计算时，由网卡随后填入）。",
  },
  sources: [
    ...notes("N4"),
    rfc9293("3.1"),
    rfc9293("3.4"),
    rfc9293("3.8.5"),
    rfc3168("6.1"),
    rfc6093("3.2"),
    ipSysctl("tcp_ecn"),
    manual("ethtool(8)", "tx"),
  ],
  cases: [
    byDefault,
    whole("a whole connection, checksums computed by the kernel (ethtool -K tx off)"),
    whole("a whole connection, checksums computed by the kernel, over IPv6", { family: 6 }),
    wrapping,
    urgent,
    askingForEcn,
  ],
};
