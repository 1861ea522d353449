import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { Needs } from "../../model/claim.ts";
import type { Segment } from "../../model/segment.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has, type WireSegment, wireOf } from "../../timeline/wire.ts";
import { beginWith } from "../shared/begin-with.ts";
import { leaves } from "../shared/sides.ts";
import { notes, rfc1337, rfc5961, rfc7323, rfc9293 } from "../sources.ts";
import { closeOther } from "./closing.ts";
import { outlast, timeWaitTimerMs } from "./lasting.ts";
import { numberAfter, sentBy, theSegment } from "./numbers.ts";

const waiting = "before the new connection";
const after = "the old segment has come";
const oldBytes = 1_000;
const newBytes = 10;

/** An old connection, in which the client sent some bytes and the server closed first. */
async function oldConnection(lab: Session): Promise<Pair> {
  const pair = await lab.connect({ client: { allowHalfOpen: true }, server: { allowHalfOpen: true } });
  const { client, server } = pair;
  await client.write(oldBytes);
  await server.received(oldBytes);
  await server.end();
  await client.saw("end");
  await closeOther({ active: server, passive: client });
  await leaves(client, "LAST-ACK");
  await lab.reading(waiting);
  return pair;
}

const kinds = {
  data: { is: ({ payloadBytes }: Segment) => payloadBytes === oldBytes, what: "data" },
  FIN: { is: ({ flags }: Segment) => flags.includes("FIN"), what: "FIN" },
  SYN: { is: ({ flags }: Segment) => flags.includes("SYN"), what: "SYN" },
} as const;

/** Everything as it was on the wire, the bytes of data aside. */
function copyOf({ flags, sequence, acknowledgment, options, payloadBytes }: Segment) {
  const { timestamps } = options;
  return { flags, sequence, acknowledgment, payloadBytes, ...(timestamps === undefined ? {} : { timestamps }) };
}

interface Late {
  /** Which of the old segments comes late. */
  readonly kind: keyof typeof kinds;
  readonly needs?: Needs;
  /** Whether the old connection leaves a TIME-WAIT. Default true. */
  readonly waits?: boolean;
  /** What happens between the two connections. */
  readonly between?: (lab: Session, old: Pair) => Promise<void>;
  readonly timerMs?: number;
}

/** The new connection is Node's, and begins with the number that the kernel chooses. */
function comesLate(name: string, { kind, needs, waits = true, between = async () => {}, timerMs = 0 }: Late): Case {
  return {
    name,
    needs: { ...needs, capture: true },
    timerMs,
    async experiment(lab) {
      const old = await oldConnection(lab);
      const { client, listener } = old;
      const late = theSegment(await sentBy(lab, client), kinds[kind].what, kinds[kind].is);
      await between(lab, old);
      const next = await lab.dial(listener, { localPort: client.local.port, allowHalfOpen: true });
      const server = listener.endOf(next);
      await server.accepted();
      await lab.inject({ from: client, ...copyOf(late) });
      await next.write(newBytes);
      await server.received(1);
      await lab.reading(after);
    },
    question: (t) => [isLeft(t, waits), ...(waits ? [] : [isOutside(t)]), ...hasCome(t, kind), ...isKeptOut(t)],
  };
}

interface Overlap {
  readonly needs?: Needs;
  /** Whether the old segment's acknowledgment number is made to fit the new connection too. */
  readonly fits?: boolean;
}

/** The new connection begins with a number that the old one has used: old data lies in its window. */
function overlaps(name: string, { needs, fits = false }: Overlap): Case {
  return {
    name,
    needs: { ...needs, capture: true },
    async experiment(lab) {
      const { client, listener } = await oldConnection(lab);
      const late = theSegment(await sentBy(lab, client), "data", kinds.data.is);
      const next = await lab.peer(listener, { localPort: client.local.port });
      await beginWith(next, numberAfter(late.sequence, 99));
      await next.connect();
      await next.connected();
      const server = listener.endOf(next);
      await server.accepted();
      const answer = theSegment(await sentBy(lab, server), "SYN+ACK", kinds.SYN.is);
      const fitting = { acknowledgment: numberAfter(answer.sequence, 1) };
      await lab.inject({ from: client, ...copyOf(late), ...(fits ? fitting : {}) });
      await next.send(newBytes);
      await server.received(1);
      await lab.reading(after);
    },
    question: (t) => [
      isLeft(t, true),
      given(
        "the new connection begins among the old one's numbers",
        onWire(t, ["client-2", "server-2"], (segments) =>
          someSegment(segments, (segment) => has(segment, "SYN") && beginsWithin(segment, wireOf(t))),
        ),
      ),
      ...hasCome(t, "data"),
      ...isKeptOut(t),
    ],
  };
}

function isLeft(t: Timeline, waits: boolean): Check {
  const what = waits ? "the old connection has left a TIME-WAIT" : "the old connection has left no TIME-WAIT";
  return given(what, inState(t, waiting, "server", waits ? "TIME-WAIT" : "CLOSED"));
}

function beginsWithin({ fact: syn, from }: WireSegment, all: readonly WireSegment[]): boolean {
  const distance = ({ fact }: WireSegment) => numberAfter(syn.segment.sequence, -fact.segment.sequence);
  return (
    from === "client-2" &&
    all.some((old) => old.from === "client" && kinds.data.is(old.fact.segment) && distance(old) < oldBytes)
  );
}

/** The new connection begins after the old one's last number, as the kernel's clock has it begin. */
function isOutside(t: Timeline): Check {
  const old = wireOf(t).filter(({ from, fact }) => from === "client" && kinds.data.is(fact.segment));
  const isBefore =
    (start: number) =>
    ({ fact }: WireSegment) =>
      numberAfter(start, -(fact.segment.sequence + oldBytes)) < 2 ** 31;
  return given(
    "the old data's numbers lie before those of the new connection",
    onWire(t, ["client-2", "server-2"], (segments) =>
      someSegment(
        segments,
        (segment) =>
          segment.from === "client-2" &&
          has(segment, "SYN") &&
          old.length > 0 &&
          old.every(isBefore(segment.fact.segment.sequence)),
      ),
    ),
  );
}

/** The old segment is told from the new connection's own by its number, which the old connection has used for the same. */
function hasCome(t: Timeline, kind: keyof typeof kinds): Check[] {
  const isOld = ({ fact }: WireSegment) =>
    kinds[kind].is(fact.segment) &&
    wireOf(t).some((old) => old.from === "client" && old.fact.segment.sequence === fact.segment.sequence);
  return [
    given(
      `an old ${kinds[kind].what} segment has come into the new connection`,
      onWire(t, ["client-2", "server-2"], (segments) =>
        someSegment(segments, (segment) => segment.from === "client-2" && arrived(segment) && isOld(segment)),
      ),
    ),
  ];
}

function isKeptOut(t: Timeline): Check[] {
  return [
    claimed(
      `the server's program gets the ${newBytes} new bytes and nothing else`,
      received(t, "server-2", after, (bytes) => bytes === newBytes),
    ),
    claimed("it sees no end", sawNoEvent(t, "server-2", "end", { until: after })),
    claimed("the new connection goes on", inState(t, after, "server-2", "ESTABLISHED")),
  ];
}

const noTimestamps = { "net.ipv4.tcp_timestamps": 0 };

export const oldSegments: Claim = {
  address: "time-wait/old-segments",
  statement: {
    en: "Late segments of an old connection cannot get into a new one between the same addresses and ports.",
    zh: "旧连接中迟到的报文段不会混进四元组相同的新连接。",
  },
  sources: [
    ...notes("N1", "N4"),
    rfc9293("3.4.1"),
    rfc9293("3.6.1"),
    rfc1337("2"),
    rfc7323("5"),
    rfc5961("4"),
    rfc5961("5"),
  ],
  cases: [
    comesLate("old data, after TIME-WAIT gave way to the new SYN", { kind: "data" }),
    comesLate("an old FIN, after TIME-WAIT gave way to the new SYN", { kind: "FIN" }),
    comesLate("an old SYN, after TIME-WAIT gave way to the new SYN", { kind: "SYN" }),
    comesLate("old data, after TIME-WAIT gave way, without timestamps (net.ipv4.tcp_timestamps 1 → 0)", {
      kind: "data",
      needs: { sysctls: noTimestamps },
    }),
    comesLate("old data, after TIME-WAIT was waited out, without timestamps", {
      kind: "data",
      needs: { sysctls: noTimestamps },
      between: (lab, { server }) => outlast(lab, server),
      timerMs: timeWaitTimerMs,
    }),
    comesLate(
      "old data, kept out by its number and the window alone: no TIME-WAIT (tcp_max_tw_buckets 0), no timestamps",
      { kind: "data", needs: { sysctls: { ...noTimestamps, "net.ipv4.tcp_max_tw_buckets": 0 } }, waits: false },
    ),
    overlaps("old data whose numbers come again in the new connection", {}),
    overlaps("old data whose numbers come again, without timestamps", { needs: { sysctls: noTimestamps } }),
    overlaps("old data whose numbers come again, and its acknowledgment number fits too, without timestamps", {
      needs: { sysctls: noTimestamps },
      fits: true,
    }),
    overlaps("old data whose numbers come again, and its acknowledgment number fits too, with timestamps", {
      fits: true,
    }),
  ],
};
