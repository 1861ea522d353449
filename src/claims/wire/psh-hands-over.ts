import type { Case, Claim } from "../../experiment/claim.ts";
import { not } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { onWire, type WireFinding } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import type { TcpFlag } from "../../model/segment.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, carriesData, has, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { notes, rfc1122, rfc9293 } from "../sources.ts";
import { nextNumbers } from "./by-hand.ts";

const needs = { capture: true };
const oneMebibyte = 1024 * 1024;
/** A whole segment's worth on Ethernet, as the inner ones of a large write have. */
const full = 1448;

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

/** One segment with `full` bytes as if the client had sent it; nothing comes after it. */
async function byHand(lab: Session, flags: readonly TcpFlag[]): Promise<void> {
  const { client, server } = await connectPair(lab);
  const numbers = await nextNumbers(lab, client, server);
  await lab.inject({ from: client, flags, ...numbers, payloadBytes: full });
  await orLate(server.received(full));
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
  name: "the same segment without PSH, as inner ones of a large write are (made by hand)",
  needs,
  experiment: (lab) => byHand(lab, ["ACK"]),
  question: (t) => [
    lastData(t, "it has no PSH", (segment) => !pushed(segment)),
    claimed("it is PSH that matters: this one is not handed over just as well", not(isHanded(t, full))),
  ],
};

export const pshHandsOver: Claim = {
  address: "wire/psh-hands-over",
  statement: {
    en: "PSH=1 is what makes the receiver hand data to the program at once.",
    zh: "接收方是因为 PSH=1 才立即把数据交给应用程序的。",
  },
  sources: [...notes("N0", "N3"), rfc9293("3.1"), rfc9293("3.9.1.2"), rfc1122("4.2.2.2")],
  cases: [
    written("a small write of 5 bytes", 5),
    written("the last segment of a large write of 1 MiB", oneMebibyte),
    withPsh,
    withoutPsh,
  ],
};
