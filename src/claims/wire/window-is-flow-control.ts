import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { timerAt } from "../../judge/states.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import type { Needs } from "../../model/claim.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { delivered } from "../shared/delivered.ts";
import { sides } from "../shared/sides.ts";
import { manual, notes, rfc1122, rfc5681, rfc7323, rfc9293 } from "../sources.ts";

/** Far more than a receiver takes that nobody reads from. */
const bytes = 1024 * 1024;
const stopped = "the window is closed";

/** The number after the last one that the server's segments allow the client to use. */
function rightEdge(segment: WireSegment, scale: number): number {
  return (segment.ack ?? 0) + segment.fact.segment.window * 2 ** (has(segment, "SYN") ? 0 : scale);
}

/** The server's shift count: in use when both SYNs offered one (RFC 7323 §2.2). */
function scaleOf(all: readonly WireSegment[]): number {
  const [one, other] = sides.map((side) => {
    const syn = sentBy(all, side).find((segment) => has(segment, "SYN"));
    return syn?.fact.segment.options.windowScale;
  });
  return one === undefined || other === undefined ? 0 : other;
}

/** The client's segments that go beyond the furthest number allowed when they left. */
function beyondWindow(all: readonly WireSegment[]): readonly WireSegment[] {
  const scale = scaleOf(all);
  let allowed = 0;
  return all.filter((segment) => {
    if (segment.from === "server") allowed = Math.max(allowed, rightEdge(segment, scale));
    return segment.from === "client" && carriesData(segment) && segment.next > allowed;
  });
}

function staysWithin(t: Timeline): Check {
  return claimed(
    "none of the client's data goes beyond the window that the server last gave",
    onWire(t, sides, (all) => {
      const data = sentBy(all, "client").filter(carriesData);
      const beyond = beyondWindow(all);
      if (data.length === 0) return { answer: undefined, shown: [] };
      return { answer: beyond.length === 0, shown: beyond.length === 0 ? data.slice(-2) : beyond };
    }),
  );
}

function waits(t: Timeline): readonly Check[] {
  return [
    claimed(
      "unread data brings the server's window to 0",
      onWire(t, sides, (all) => someSegment(answersOf(all), ({ fact }) => fact.segment.window === 0)),
    ),
    claimed(
      "the client has more to send and only asks again: its persist timer runs",
      timerAt(t, stopped, "client", (timer) => timer?.name === "persist"),
    ),
  ];
}

function goesOn(t: Timeline): Check {
  return claimed(`once the server reads, all ${bytes} bytes arrive`, delivered(t, "client", "server", bytes));
}

function probes(t: Timeline): Check {
  return claimed(
    "what the client sends into the closed window has nothing new",
    onWire(t, sides, (all) => {
      const isClosed = ({ fact }: WireSegment) => fact.segment.window === 0;
      const closing = answersOf(all).find(isClosed);
      const opening = answersOf(all).find((one) => closing !== undefined && isAfter(one, closing) && !isClosed(one));
      if (closing === undefined || opening === undefined) return { answer: undefined, shown: [] };
      const own = sentBy(all, "client");
      const sent = Math.max(...own.filter((one) => !isAfter(one, closing)).map(({ next }) => next));
      const probing = own.filter((one) => isAfter(one, closing) && !isAfter(one, opening));
      if (probing.length === 0) return { answer: undefined, shown: [closing, opening] };
      return { answer: probing.every(({ next }) => next <= sent), shown: [closing, ...probing, opening] };
    }),
  );
}

const isAfter = (one: WireSegment, other: WireSegment) => one.fact.at > other.fact.at;

const answersOf = (all: readonly WireSegment[]) =>
  sentBy(all, "server").filter((segment) => has(segment, "ACK") && !has(segment, "SYN"));

/** Gives the client time to wait before a closed window, and to ask again at least once: whether it does is the question. */
async function isStopped(lab: Session, client: Endpoint): Promise<void> {
  await orLate(
    client.shows("a probe of the closed window", ({ row }) => {
      return row?.timer?.name === "persist" && Number(row.tcpInfo.backoff ?? 0) >= 1;
    }),
  );
  await lab.reading(stopped);
}

async function readsAll(server: Endpoint): Promise<void> {
  await server.read();
  await server.resume();
  await orLate(server.saw("end", { within: 30_000 }));
}

const unread = { pauseOnConnect: true, reading: "none" } as const;

function paused(name: string, sysctls?: Needs["sysctls"]): Case {
  return {
    name,
    needs: { capture: true, ...(sysctls === undefined ? {} : { sysctls }) },
    timerMs: 300,
    async experiment(lab) {
      const { client, server } = await lab.connect({ server: unread });
      await client.end(bytes);
      await isStopped(lab, client);
      await readsAll(server);
    },
    question: (t) => [...waits(t), probes(t), staysWithin(t), goesOn(t)],
  };
}

/** Half of what lies unread: with so much taken, the kernel has told of the room. */
const enoughToOpen = 64 * 1024;

const updateLost: Case = {
  name: "the reader reads on, and the segment that opens the window again is lost",
  needs: { capture: true },
  timerMs: 1_000,
  async experiment(lab) {
    const { client, server } = await lab.connect({ server: unread });
    await client.end(bytes);
    await isStopped(lab, client);
    const lost = await lab.lose("everything", { from: server });
    await server.read();
    await server.resume();
    // Until then what is lost may be an answer to a probe, which still says 0.
    await server.received(enoughToOpen);
    await lost.catches();
    await lost.lift();
    await orLate(server.saw("end", { within: 30_000 }));
  },
  question: (t) => [
    given(
      "a segment that opened the window was lost",
      onWire(t, sides, (all) =>
        someSegment(answersOf(all), ({ fact }) => fact.lostTo !== undefined && fact.segment.window > 0),
      ),
    ),
    ...waits(t),
    staysWithin(t),
    goesOn(t),
  ],
};

const openWindow: Case = {
  name: "the connection is new, its reader reads, and nothing is acknowledged yet (every ACK is lost)",
  needs: { capture: true },
  async experiment(lab) {
    const { client, server } = await lab.connect();
    const lost = await lab.lose("everything", { from: server });
    await client.end(bytes);
    await client.resends();
    await lab.reading("resent");
    await lost.lift();
    await orLate(server.saw("end", { within: 30_000 }));
  },
  question: (t) => [
    staysWithin(t),
    claimed(
      "it is that window that stops the client: all of it was used before anything had to be sent again",
      onWire(t, sides, (all) => {
        const scale = scaleOf(all);
        const synAck = sentBy(all, "server").find((segment) => has(segment, "SYN"));
        const data = sentBy(all, "client").filter(carriesData);
        const again = data.findIndex((segment, index) => data[index - 1] !== undefined && segment.seq === 1);
        const first = again < 0 ? [] : data.slice(0, again);
        const last = first.at(-1);
        if (synAck === undefined || last === undefined) return { answer: undefined, shown: [] };
        return { answer: last.next + full > rightEdge(synAck, scale), shown: [synAck, ...first.slice(-2)] };
      }),
    ),
  ],
};

/** A window with less room than this is as good as used up (RFC 9293 §3.8.6.2.1). */
const full = 1460;

export const windowIsFlowControl: Claim = {
  address: "wire/window-is-flow-control",
  statement: {
    en: "The window that the receiver advertises decides how much the sender may have under way; a receiver that does not read brings it to 0, and the sender waits.",
    zh: "接收方通告的窗口决定发送方可以发送多少数据；接收方不读取时，窗口降到 0，发送方只能等待。",
  },
  sources: [
    ...notes("N3", "N4"),
    rfc9293("3.1"),
    rfc9293("3.8.6"),
    rfc9293("3.8.6.1"),
    rfc9293("3.8.2"),
    rfc5681("3.1"),
    rfc7323("2.3"),
    rfc1122("4.2.2.17"),
    manual("tcp(7)", "tcp_window_scaling"),
  ],
  cases: [
    paused("a reader that pauses for a while"),
    paused("a reader that pauses for a while, without window scaling (tcp_window_scaling 1 → 0)", {
      "net.ipv4.tcp_window_scaling": 0,
    }),
    updateLost,
    openWindow,
  ],
};
