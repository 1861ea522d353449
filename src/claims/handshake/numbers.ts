import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { onWire } from "../../judge/wire.ts";
import type { Segment } from "../../model/segment.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has, isSyn, sentBy } from "../../timeline/wire.ts";
import { opensAtOnce, opensWithout, whenOpen } from "../shared/opening.ts";
import { notes, rfc9293 } from "../sources.ts";

const needs = { capture: true };

type Numbers = Pick<Segment, "sequence" | "acknowledgment">;

/** Whether the wire's own numbers are as asked, of the SYN, what answers it, and the client's first acknowledgment. */
function step(t: Timeline, what: string, isSo: (first: Numbers, second: Numbers, third: Numbers) => boolean): Check {
  return claimed(
    what,
    onWire(t, ["client", "server"], (all) => {
      const came = all.filter(arrived);
      const shown = [
        sentBy(came, "client").find(isSyn),
        sentBy(came, "server")[0],
        sentBy(came, "client").find((segment) => has(segment, "ACK")),
      ].filter((segment) => segment !== undefined);
      const [first, second, third] = shown.map(({ fact }) => fact.segment);
      if (first === undefined || second === undefined || third === undefined) return { answer: undefined, shown };
      return { answer: isSo(first, second, third), shown };
    }),
  );
}

const oneMore = (number: number): number => (number + 1) % 2 ** 32;

function allNumbers(t: Timeline): readonly Check[] {
  return [
    step(t, "the SYN has number x, its answer acknowledges x+1", (x, y) => y.acknowledgment === oneMore(x.sequence)),
    step(t, "the third segment has number x+1", (x, _, third) => third.sequence === oneMore(x.sequence)),
    step(
      t,
      "the answer has number y, the third segment acknowledges y+1",
      (_, y, third) => third.acknowledgment === oneMore(y.sequence),
    ),
  ];
}

function opens(name: string, family: 4 | 6): Case {
  return {
    name,
    needs,
    async experiment(lab) {
      await lab.connect({ client: { family }, server: { bind: family === 6 ? "v6" : "v4" } });
    },
    question: (t) => [given("the client has its connection", sawEvent(t, "client", "connect")), ...allNumbers(t)],
  };
}

const withData: Case = {
  name: "the bare third segment is lost, and the first data takes its place",
  needs,
  async experiment(lab) {
    const listener = await lab.listen();
    await using lost = await lab.lose("handshake ACK", { to: listener });
    const client = await lab.attempt(listener);
    await client.saw("connect");
    await lost.catches();
    await lost.lift();
    await client.write(5);
    await listener.endOf(client).received(5);
  },
  question: (t) => [given("the client has its connection", sawEvent(t, "client", "connect")), ...allNumbers(t)],
};

export const numbers: Claim = {
  address: "handshake/numbers",
  statement: {
    en: "The SYN has a number x; the SYN+ACK a number y and acknowledges x+1; the third segment has number x+1 and acknowledges y+1.",
    zh: "SYN 的序号为 x；SYN+ACK 的序号为 y，确认号为 x+1；第三个报文段的序号为 x+1，确认号为 y+1。",
  },
  sources: [...notes("N1", "N2"), rfc9293("3.5"), rfc9293("3.4")],
  cases: [
    opens("over IPv4", 4),
    opens("over IPv6", 6),
    whenOpen("the SYN is lost and sent again", opensWithout("SYN"), allNumbers),
    whenOpen("the SYN+ACK is lost and sent again", opensWithout("SYN+ACK"), allNumbers),
    withData,
    whenOpen("both sides connect to each other at the same time", opensAtOnce, allNumbers),
  ],
};
