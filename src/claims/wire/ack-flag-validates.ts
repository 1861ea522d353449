import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { queueAt } from "../../judge/states.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, isSyn, type WireSegment } from "../../timeline/wire.ts";
import { opensAtOnce, whenOpen } from "../shared/opening.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { notes, rfc9293 } from "../sources.ts";
import { nextNumbers } from "./by-hand.ts";
import { isAcknowledged, talks, wholeConversation } from "./conversation.ts";

const needs = { capture: true };

/** The statement's second half. */
function setOnTheRest(t: Timeline): Check {
  return claimed(
    "ACK is set on every segment after the first SYN",
    onWire(t, sides, (all) => {
      const first = all.find(isSyn);
      return everySegment(
        all.filter((segment) => segment !== first),
        (segment) => has(segment, "ACK"),
      );
    }),
  );
}

function someIs(t: Timeline, what: string, isSo: (segment: WireSegment) => boolean): Check {
  return given(
    what,
    onWire(t, sides, (all) => someSegment(all, isSo)),
  );
}

const sentRst = (from: string) => (segment: WireSegment) => segment.from === from && has(segment, "RST");

async function refused(lab: Session): Promise<void> {
  const listener = await lab.listen();
  await listener.close();
  const client = await lab.attempt(listener);
  await client.saw(["connect", "error"]);
}

/** The server's RST is lost, and the client goes on. RFC 9293 §3.10.7.1: a RST takes its number from what it answers. */
async function forgotten(lab: Session): Promise<void> {
  const { client, server } = await lab.connect();
  await using lost = await lab.lose("RST", { from: server, times: 1 });
  await server.resetAndDestroy();
  await lost.catches();
  await client.write(5);
  await client.saw("close");
}

const withoutAndWith: Case = {
  name: "an acknowledgment number without ACK, then the same with ACK (both made by hand)",
  needs,
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using lost = await lab.lose("bare ACK", { from: server });
    await client.write(5);
    await server.received(5);
    await lost.catches();
    const numbers = await nextNumbers(lab, server, client);
    await lab.reading("sent");
    await lab.inject({ from: server, flags: ["PSH"], ...numbers });
    await lab.reading("without ACK");
    await lab.inject({ from: server, flags: ["PSH", "ACK"], ...numbers });
    await isAcknowledged(client);
    await lab.reading("with ACK");
  },
  question: (t) => {
    const waits = (label: string, bytes: number) => queueAt(t, label, "client", "sendQ", (size) => size === bytes);
    return [
      given("5 bytes of the client's wait to be acknowledged", waits("sent", 5)),
      someIs(t, "the number was there without ACK", ({ from, fact }) => {
        const { flags, acknowledgment } = fact.segment;
        return from === "server" && flags.join() === "PSH" && acknowledgment !== 0;
      }),
      claimed("without ACK the number does not count: they wait still", waits("without ACK", 5)),
      claimed("with ACK it does: nothing waits", waits("with ACK", 0)),
    ];
  },
};

const wholes: readonly Case[] = [
  {
    name: "a whole connection, from open to close",
    needs,
    experiment: (lab) => wholeConversation(lab),
    question: (t) => [
      someIs(t, "both sides have closed", (segment) => segment.from === "server" && has(segment, "FIN")),
      setOnTheRest(t),
    ],
  },
  {
    name: "a connection that the server resets with resetAndDestroy()",
    needs,
    async experiment(lab) {
      const pair = await connectPair(lab);
      await talks(pair);
      await pair.server.resetAndDestroy();
      await pair.client.saw("close");
    },
    question: (t) => [someIs(t, "the server has sent RST", sentRst("server")), setOnTheRest(t)],
  },
  {
    name: "a RST that answers a SYN: nobody listens",
    needs,
    experiment: refused,
    question: (t) => [someIs(t, "the server's host has sent RST", sentRst("server")), setOnTheRest(t)],
  },
  {
    name: "a RST that answers a segment with ACK: the server has forgotten the connection",
    needs,
    experiment: forgotten,
    question: (t) => [
      given("the client was reset", sawEvent(t, "client", "error", { where: ({ code }) => code === "ECONNRESET" })),
      setOnTheRest(t),
    ],
  },
  whenOpen("both sides connect to each other at the same time", opensAtOnce, (t) => [setOnTheRest(t)]),
];

export const ackFlagValidates: Claim = {
  address: "wire/ack-flag-validates",
  statement: {
    en: "The acknowledgment number counts only where ACK=1, and ACK is set on every segment after the first SYN.",
    zh: "只有 ACK=1 时确认号才有效；除第一个 SYN 外，其余报文段的 ACK 均为 1。",
  },
  sources: [...notes("N0", "N2", "N3"), rfc9293("3.1"), rfc9293("3.5.2"), rfc9293("3.10.7.1"), rfc9293("3.10.7.4")],
  cases: [withoutAndWith, ...wholes],
};
