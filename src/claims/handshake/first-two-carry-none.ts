import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWire, type WireFinding } from "../../judge/wire.ts";
import type { Listener } from "../../lab/listener.ts";
import type { Peer } from "../../lab/peer/peer.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, carriesData, isSyn, isSynAck, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { ipSysctl, manual, notes, rfc7413, rfc9293 } from "../sources.ts";
import { text, writesAtOnce } from "./writes-at-once.ts";

/** Bits of net.ipv4.tcp_fastopen (Documentation/networking/ip-sysctl.rst). */
const client = 0x1;
const server = 0x2;
const clientNeedsNoCookie = 0x4;
const serverWantsNoCookie = 0x200;
/** Also for listeners that did not ask for it, as Node's do not. */
const everyListener = 0x400;

const withCookie = client | server | everyListener;
const withoutCookie = withCookie | clientNeedsNoCookie | serverWantsNoCookie;
const clientAlone = client | clientNeedsNoCookie;

/** The metrics that keep a cookie belong to the host: the next case would find it. */
const cookieNeeds = needs(withCookie, true);

export const firstTwoCarryNone: Claim = {
  address: "handshake/first-two-carry-none",
  statement: {
    en: "The first two segments of a handshake carry no data.",
    zh: "握手的前两个报文段不携带数据。",
  },
  sources: [
    ...notes("N1"),
    rfc9293("3.5"),
    rfc9293("3.10.7.2"),
    rfc7413("1"),
    rfc7413("4.2.2"),
    ipSysctl("tcp_fastopen"),
    manual("tcp(7)", "tcp_fastopen"),
  ],
  cases: [
    { name: "Node's client writes before it is connected", ...writesAtOnce("v4"), question: carriesNone },
    { name: "Node's client writes before it is connected, over IPv6", ...writesAtOnce("v6"), question: carriesNone },
    {
      name: "TCP Fast Open, the client's first connection to this server (net.ipv4.tcp_fastopen 1 → 0x403)",
      needs: cookieNeeds,
      async experiment(lab) {
        const { client } = await fastOpen(lab);
        await client.connected();
        await lab.reading("open");
      },
      question: (t) => [
        given(
          "the SYN asks for a cookie",
          synWith(
            t,
            cookieOf((bytes) => bytes === 0),
          ),
        ),
        given(
          "the SYN+ACK brings one",
          synAckWith(
            t,
            cookieOf((bytes) => bytes > 0),
          ),
        ),
        ...carriesNone(t),
      ],
    },
    {
      name: "TCP Fast Open, a later connection with the cookie of the first (net.ipv4.tcp_fastopen 1 → 0x403)",
      needs: cookieNeeds,
      async experiment(lab) {
        const { client: first, listener } = await fastOpen(lab, "first");
        await first.connected();
        await first.close();
        await fastOpenDelivers(lab, listener);
      },
      question: (t) => [
        given(
          "the SYN has the cookie",
          synWith(
            t,
            cookieOf((bytes) => bytes > 0),
          ),
        ),
        ...carriesNone(t),
      ],
    },
    {
      name: "TCP Fast Open without cookies (net.ipv4.tcp_fastopen 1 → 0x607)",
      needs: needs(withoutCookie),
      experiment: (lab) => fastOpenDelivers(lab),
      question: (t) => [
        given(
          "the server takes the data with the SYN",
          synAckWith(t, ({ ack }) => ack === 1 + text.length),
        ),
        ...carriesNone(t),
      ],
    },
    {
      name: "TCP Fast Open without cookies, and the server answers before the third segment arrives (0x607)",
      needs: needs(withoutCookie),
      timerMs: 1_000,
      async experiment(lab) {
        const listener = await lab.listen();
        await using lost = await lab.lose("handshake ACK", { to: listener });
        const { client } = await fastOpen(lab, "client", listener);
        const answering = listener.endOf(client);
        await answering.received(text.length);
        await answering.write(3);
        await client.recv();
        await lab.reading("answered");
        await lost.lift();
      },
      question: (t) => [
        given(
          "the server's data arrives before any third segment has",
          onWire(t, ["client", "server"], answeredBeforeThird),
        ),
        ...carriesNone(t),
      ],
    },
    {
      name: "the client sends data with its SYN to a server that has TCP Fast Open off (net.ipv4.tcp_fastopen 1 → 0x5)",
      needs: needs(clientAlone),
      experiment: (lab) => fastOpenDelivers(lab),
      question: (t) => [
        given(
          "the server does not take the data: it acknowledges the SYN alone",
          synAckWith(t, ({ ack }) => ack === 1),
        ),
        ...carriesNone(t),
      ],
    },
  ],
};

function needs(fastOpenBits: number, exclusive = false): NonNullable<Case["needs"]> {
  return { capture: true, sysctls: { "net.ipv4.tcp_fastopen": fastOpenBits }, ...(exclusive ? { exclusive } : {}) };
}

/** Connects with a text to send, which goes with the SYN where it can. */
async function fastOpen(
  lab: Session,
  name = "client",
  listener?: Listener,
): Promise<{ client: Peer; listener: Listener }> {
  const target = listener ?? (await lab.listen());
  const client = await lab.peer(target, { name });
  await client.sendWithSyn(text);
  return { client, listener: target };
}

/** As fastOpen, until the server's program has the text. */
async function fastOpenDelivers(lab: Session, known?: Listener): Promise<void> {
  const { client, listener } = await fastOpen(lab, "client", known);
  await listener.endOf(client).received(text.length);
  await lab.reading("open");
}

function carriesNone(t: Timeline): readonly Check[] {
  const isEmpty = (segment: WireSegment) => !carriesData(segment);
  return [
    claimed(
      "the first segment, the SYN, carries no data",
      onWire(t, ["client", "server"], (segments) => everySegment(segments.filter(isSyn), isEmpty)),
    ),
    claimed(
      "the second segment, the SYN+ACK, carries no data",
      onWire(t, ["client", "server"], (segments) => everySegment(segments.filter(isSynAck), isEmpty)),
    ),
  ];
}

/** The server's data has come, and until then nothing of the client's but its SYN had. */
function answeredBeforeThird(segments: readonly WireSegment[]): WireFinding {
  const answer = sentBy(segments, "server").find((one) => carriesData(one) && arrived(one));
  const answered = answer?.fact.arrivedAt;
  if (answer === undefined || answered === undefined) return { answer: false, shown: segments };
  const came = sentBy(segments, "client").filter((one) => arrived(one) && (one.fact.arrivedAt ?? 0) < answered);
  return { answer: came.every(isSyn), shown: [...came, answer] };
}

function synWith(t: Timeline, isSo: (segment: WireSegment) => boolean) {
  return onWire(t, ["client", "server"], (segments) => everySegment(segments.filter(isSyn), isSo));
}

function synAckWith(t: Timeline, isSo: (segment: WireSegment) => boolean) {
  return onWire(t, ["client", "server"], (segments) => everySegment(segments.filter(isSynAck), isSo));
}

function cookieOf(isSo: (bytes: number) => boolean): (segment: WireSegment) => boolean {
  return ({ fact }) => isSo(fact.segment.options.fastOpen?.cookieBytes ?? -1);
}
