import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { onWire } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has, sentBy } from "../../timeline/wire.ts";
import { connectPair, otherSide, type Side, sides } from "../shared/sides.ts";
import { nodeNet, notes, rfc2525, rfc5961, rfc9293 } from "../sources.ts";
import { nextNumbers } from "./by-hand.ts";
import { isAcknowledged, talks } from "./conversation.ts";

const needs = { capture: true };
/** Long for a kernel that only has to look at one segment. */
const patience = { within: 1000 };

function bothOpenAt(t: Timeline, label: string): readonly Check[] {
  return sides.map((side) => given(`the ${side} had its connection`, inState(t, label, side, "ESTABLISHED")));
}

function bothGone(t: Timeline): readonly Check[] {
  return sides.map((side) => claimed(`the ${side}'s connection is gone`, inState(t, "after", side, "CLOSED")));
}

/** Whether one side's RST came, or was lost. */
function rst(t: Timeline, from: Side, fate: "came" | "was lost"): Check {
  return given(
    `a RST from the ${from}'s address ${fate}`,
    onWire(t, sides, (all) => {
      const resets = sentBy(all, from).filter((segment) => has(segment, "RST"));
      const shown = resets.filter((segment) => arrived(segment) === (fate === "came"));
      return { answer: resets.length === 0 ? undefined : shown.length > 0, shown };
    }),
  );
}

function endsTheTalk(t: Timeline): Check {
  return claimed(
    "the RST is the last segment: nothing answers it, nothing follows",
    onWire(t, sides, (all) => {
      const last = all.at(-1);
      return { answer: last !== undefined && has(last, "RST"), shown: last === undefined ? [] : [last] };
    }),
  );
}

function reset(name: string, by: Side, act: (lab: Session, pair: Pair) => Promise<void>, unread = false): Case {
  const other = otherSide(by);
  return {
    name,
    needs,
    async experiment(lab) {
      const pair = unread ? await lab.connect({ server: { pauseOnConnect: true } }) : await connectPair(lab);
      if (!unread) await talks(pair);
      await act(lab, pair);
      await orLate(pair[other].reaches("CLOSED"));
      await lab.reading("after");
    },
    question: (t) => [...bothOpenAt(t, "before"), rst(t, by, "came"), ...bothGone(t), endsTheTalk(t)],
  };
}

const lost: Case = {
  name: "the RST is lost",
  needs,
  async experiment(lab) {
    const pair = await connectPair(lab);
    await talks(pair);
    await lab.reading("before");
    await using loss = await lab.lose("RST", { from: pair.client });
    await pair.client.resetAndDestroy();
    await loss.catches();
    await orLate(pair.server.reaches("CLOSED", patience));
    await lab.reading("after");
  },
  question: (t) => [...bothOpenAt(t, "before"), rst(t, "client", "was lost"), ...bothGone(t)],
};

/** A RST that the client never sent, `ahead` of the number that it would have. */
function forged(name: string, ahead: number): Case {
  return {
    name,
    needs,
    async experiment(lab) {
      const pair = await connectPair(lab);
      await talks(pair);
      await lab.reading("before");
      const { sequence } = await nextNumbers(lab, pair.client, pair.server);
      await lab.inject({ from: pair.client, flags: ["RST"], sequence: (sequence + ahead) % 2 ** 32 });
      await orLate(pair.server.reaches("CLOSED", patience));
      await lab.reading("after");
    },
    question: (t) => [...bothOpenAt(t, "before"), rst(t, "client", "came"), ...bothGone(t)],
  };
}

const before = async (lab: Session, act: () => Promise<void>) => {
  await lab.reading("before");
  await act();
};

export const rstTearsDown: Claim = {
  address: "wire/rst-tears-down",
  statement: {
    en: "RST=1 ends the connection at once, on both sides.",
    zh: "RST=1 会使双方立即终止连接。",
  },
  sources: [
    ...notes("N0", "N3"),
    rfc9293("3.5.2"),
    rfc9293("3.5.3"),
    rfc9293("3.10.7.4"),
    rfc5961("3.2"),
    rfc2525("2.17"),
    nodeNet("socketresetanddestroy"),
  ],
  cases: [
    reset("the client calls resetAndDestroy()", "client", (lab, { client }) =>
      before(lab, () => client.resetAndDestroy()),
    ),
    reset("the server calls resetAndDestroy()", "server", (lab, { server }) =>
      before(lab, () => server.resetAndDestroy()),
    ),
    reset(
      "the server destroys a socket with unread data",
      "server",
      async (lab, { client, server }) => {
        await client.write(5);
        await server.hasUnread(5);
        await isAcknowledged(client);
        await before(lab, () => server.destroy());
      },
      true,
    ),
    lost,
    forged("a third party's RST with the very next number: only the side that it reaches has it (made by hand)", 0),
    forged("a RST with a number in the window that is not the next (made by hand)", 1000),
    forged("a RST with a number outside the window (made by hand)", 2 ** 30),
  ],
};
