import { createHash } from "node:crypto";
import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import type { Peer } from "../../lab/peer/peer.ts";
import type { Session } from "../../lab/session.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { Check } from "../../model/verdict.ts";
import { eventsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has } from "../../timeline/wire.ts";
import { manual, notes, rfc6093, rfc9293 } from "../sources.ts";

export const urgGoesFirst: Claim = {
  address: "wire/urg-goes-first",
  statement: {
    en: "With URG set, the urgent pointer marks data that is to be treated first: the receiving program gets it ahead of what was sent before it.",
    zh: "URG 置 1 时，紧急指针指出的数据应优先处理：接收方程序会比此前发送的数据更早得到它。",
  },
  sources: [
    ...notes("N0", "N3", "N4"),
    rfc9293("3.8.5"),
    rfc6093("2.1"),
    rfc6093("3.1"),
    rfc6093("3.3"),
    rfc6093("6"),
    manual("tcp(7)", "Sockets API"),
    manual("sockatmark(3)"),
  ],
  cases: [
    {
      name: "the reader asks for urgent data by recv(MSG_OOB)",
      needs: { capture: true },
      async experiment(lab) {
        const { client, server } = await connected(lab);
        await client.send("abc");
        await client.sendUrgent("!");
        await server.recvUrgent();
        await server.recv();
      },
      question: (t) => [...marked(t), claimed("the urgent byte is read before abc", readInOrder(t, ["!", "abc"]))],
    },
    {
      name: "the reader asks by recv(MSG_OOB), and the data before the urgent byte has not arrived at all",
      needs: { capture: true },
      async experiment(lab) {
        const { client, server } = await connected(lab);
        await client.send("abc");
        await server.recv();
        await urgentAfterGap(lab, client);
        await server.recvUrgent();
        await client.send("def");
        await server.recv();
      },
      question: (t) => [
        ...marked(t),
        claimed("the urgent byte is read before def", readInOrder(t, ["abc", "!", "def"])),
      ],
    },
    {
      name: "a whole word is sent as urgent, and the reader asks by recv(MSG_OOB)",
      needs: { capture: true },
      async experiment(lab) {
        const { client, server } = await connected(lab);
        await client.send("abc");
        await client.sendUrgent("halt");
        await server.recvUrgent();
        await server.recv();
      },
      question: (t) => [...marked(t), claimed("the word is read before abc", readInOrder(t, ["halt", "abc"]))],
    },
    {
      name: "two urgent bytes, the first not read when the second comes",
      needs: { capture: true },
      async experiment(lab) {
        const { client, server } = await connected(lab);
        await client.send("abc");
        await client.sendUrgent("1");
        await client.send("def");
        await client.sendUrgent("2");
        await server.shows("everything unread", ({ row }) => (row?.recvQ ?? 0) >= "abc1def2".length);
        await server.recvUrgent();
        await server.recv();
      },
      question: (t) => [...marked(t), claimed("the first urgent byte is read before abc", readBefore(t, "1", "abc"))],
    },
    {
      name: "the reader has urgent data left in the stream (SO_OOBINLINE)",
      needs: { capture: true },
      async experiment(lab) {
        const { client, server } = await connected(lab);
        await server.set("SO_OOBINLINE", 1);
        await client.send("abc");
        await client.sendUrgent("!");
        await server.shows("everything unread", ({ row }) => (row?.recvQ ?? 0) >= "abc!".length);
        await server.recv();
        await server.recv();
      },
      question: (t) => [...marked(t), claimed("the urgent byte is read before abc", readInOrder(t, ["!", "abc"]))],
    },
    { name: "the reader is Node's, the urgent byte in the middle of other data", ...readByNode("v4") },
    { name: "the reader is Node's, over IPv6", ...readByNode("v6") },
  ],
};

/** Both ends outside of Node: the writer for MSG_OOB, the reader for recv(2) in an order of its own. */
async function connected(lab: Session): Promise<{ client: Peer; server: Peer }> {
  const listener = await lab.peerListen();
  const client = await lab.peer(listener);
  await client.connect();
  return { client, server: await listener.accept(client) };
}

/** One urgent byte whose number leaves room for three that have not been sent yet. */
async function urgentAfterGap(lab: Session, client: Peer): Promise<void> {
  const sent = (await lab.segments()).filter(({ from, segment }) => from === "client" && segment.payloadBytes > 0);
  const last = sent.at(-1)?.segment;
  if (last === undefined) {
    throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", "Nothing that the client sent was captured.");
  }
  await lab.inject({
    from: client,
    flags: ["ACK", "PSH", "URG"],
    sequence: last.sequence + last.payloadBytes + 3,
    acknowledgment: last.acknowledgment,
    urgentPointer: 1,
    payloadBytes: 1,
  });
}

function readByNode(bind: "v4" | "v6"): Omit<Case, "name"> {
  const [before, behind] = ["abc", "def"];
  return {
    needs: { capture: true },
    async experiment(lab) {
      const listener = await lab.listen({ bind });
      const client = await lab.peer(listener);
      await client.connect();
      await client.connected();
      await client.send(before);
      await client.sendUrgent("!");
      await client.send(behind);
      await client.shutdown("SHUT_WR");
      await listener.endOf(client).saw("end");
    },
    question: (t) => [
      ...marked(t),
      claimed("Node hands the urgent byte to its program, and first", nodeWasGiven(t, `!${before}${behind}`)),
      claimed("Node hands it to its program at all", nodeWasGiven(t, `${before}!${behind}`, `!${before}${behind}`)),
    ],
  };
}

/** What Node read up to the end is one of these texts. */
function nodeWasGiven(t: Timeline, ...texts: readonly string[]): Observation {
  const [end] = eventsOf(t, "server", "end");
  if (end === undefined) return { answer: undefined, evidence: [] };
  const hashes = texts.map((text) => createHash("sha256").update(text).digest("hex"));
  return { answer: hashes.some((hash) => hash === end.detail.sha256), evidence: [end] };
}

function marked(t: Timeline): readonly Check[] {
  return [
    given(
      "a segment with URG and an urgent pointer arrived",
      onWire(t, ["client", "server"], (segments) =>
        someSegment(segments, (one) => has(one, "URG") && one.fact.segment.urgentPointer > 0 && arrived(one)),
      ),
    ),
  ];
}

/** Whether the reads brought just this, in this order. Unseen until there are as many as the texts. */
function readInOrder(t: Timeline, texts: readonly string[]): Observation {
  const reads = eventsOf(t, "server", "recv");
  const evidence = reads.slice(0, texts.length);
  if (reads.length < texts.length) return { answer: undefined, evidence: reads };
  return { answer: texts.every((text, index) => reads[index]?.detail.text === text), evidence };
}

/** Whether a read of its own brought the one text before any read brought the other. */
function readBefore(t: Timeline, first: string, other: string): Observation {
  const reads = eventsOf(t, "server", "recv");
  const at = (text: string) => reads.findIndex(({ detail }) => String(detail.text).includes(text));
  if (at(other) < 0) return { answer: undefined, evidence: reads };
  return { answer: at(first) >= 0 && at(first) < at(other), evidence: reads };
}
