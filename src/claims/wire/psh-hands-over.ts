import type { Case, Claim } from "../../experiment/claim.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { onWire, someSegment, type WireFinding } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import type { TcpFlag } from "../../model/segment.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, carriesData, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { notes, rfc1122, rfc9293 } from "../sources.ts";
import { nextNumbers } from "./by-hand.ts";
import { connectPair } from "./conversation.ts";

const sides = ["client", "server"] as const;
const needs = { capture: true };
const oneMebibyte = 1024 * 1024;
/** A whole segment's worth on Ethernet, as the inner ones of a large write have. */
const full = 1448;
/** Long for a program that only has to be woken. */
const patience = { within: 500 };

function isHanded(t: Timeline, bytes: number) {
  return received(t, "server", "sent", (total) => total === bytes);
}

/** The client's last data, as it came. */
function lastData(t: Timeline, what: string, isSo: (segment: WireSegment) => boolean): Check {
  return given(
    what,
    onWire(t, sides, (all): WireFinding => {
      const last = sentBy(all, "client")
        .filter((one) => carriesData(one) && arrived(one))
        .toSorted((a, b) => b.next - a.next)[0];
      return last === undefined ? { answer: undefined, shown: [] } : { answer: isSo(last), shown: [last] };
    }),
  );
}

const pushed = (segment: WireSegment) => has(segment, "PSH");

function written(name: string, bytes: number): Case {
  return {
    name,
    needs,
    async experiment(lab) {
      const { client, server } = await connectPair(lab);
      await client.write(bytes);
      await orLate(server.received(bytes));
      await lab.reading("sent");
    },
    question: (t) => [
      lastData(t, `the segment that ends the ${bytes} bytes has PSH`, pushed),
      claimed("the program is handed all of it, though nothing more comes", isHanded(t, bytes)),
    ],
  };
}

/** One segment with `full` bytes as if the client had sent it, `ahead` bytes before its turn. */
async function byHand(lab: Session, flags: readonly TcpFlag[], ahead = 0): Promise<void> {
  const { client, server } = await connectPair(lab);
  const { sequence, acknowledgment } = await nextNumbers(lab, client, server);
  await lab.inject({
    from: client,
    flags,
    sequence: (sequence + ahead) % 2 ** 32,
    acknowledgment,
    payloadBytes: full,
  });
  await orLate(server.received(full, patience));
  await lab.reading("sent");
}

const withPsh: Case = {
  name: `one segment of ${full} bytes with PSH (made by hand)`,
  needs,
  experiment: (lab) => byHand(lab, ["PSH", "ACK"]),
  question: (t) => [
    lastData(t, "it has PSH", pushed),
    claimed("the program is handed it, though nothing more comes", isHanded(t, full)),
  ],
};

const withoutPsh: Case = {
  name: `the same segment without PSH, as the inner ones of a large write are (made by hand)`,
  needs,
  experiment: (lab) => byHand(lab, ["ACK"]),
  question: (t) => [
    lastData(t, "it has no PSH", (segment) => !pushed(segment)),
    claimed("nothing asks for it: the program is not handed it yet", not(isHanded(t, full))),
  ],
};

const outOfOrder: Case = {
  name: "a segment with PSH, while the bytes before it are missing (made by hand)",
  needs,
  experiment: (lab) => byHand(lab, ["PSH", "ACK"], 100),
  question: (t) => [
    lastData(t, "it has PSH, and 100 bytes are missing before it", (one) => pushed(one) && one.seq === 101),
    given(
      "the server has it: SACK says so",
      onWire(t, sides, (all) =>
        someSegment(sentBy(all, "server"), ({ fact }) => fact.segment.options.sack !== undefined),
      ),
    ),
    claimed("the program is handed it", isHanded(t, full)),
  ],
};

const paused: Case = {
  name: "a small write, while the program is not reading",
  needs,
  async experiment(lab) {
    const { client, server } = await lab.connect({ server: { pauseOnConnect: true } });
    await client.write(5);
    await server.hasUnread(5);
    await lab.reading("sent");
  },
  question: (t) => [lastData(t, "it has PSH", pushed), claimed("the program is handed it", isHanded(t, 5))],
};

export const pshHandsOver: Claim = {
  address: "wire/psh-hands-over",
  statement: {
    en: "PSH=1 makes the receiver hand the data to the program at once; without it, the data may wait until the buffer has filled.",
    zh: "PSH=1 要求接收方立即把数据交给应用程序；没有它，数据可以等到缓冲区填满再交付。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.1"), rfc9293("3.9.1.2"), rfc1122("4.2.2.2")],
  cases: [
    written("a small write of 5 bytes", 5),
    written("the last segment of a large write of 1 MiB", oneMebibyte),
    withPsh,
    withoutPsh,
    outOfOrder,
    paused,
  ],
};
