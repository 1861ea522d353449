import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire } from "../../judge/wire.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Peer } from "../../lab/peer/peer.ts";
import type { Session } from "../../lab/session.ts";
import type { EndpointName } from "../../model/fact.ts";
import { callsOf, eventsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, sentBy } from "../../timeline/wire.ts";
import { manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";

/** The sizes of the pieces in which calls of recv(2) were given the data. */
function piecesOf(t: Timeline, reader: EndpointName): readonly number[] {
  return eventsOf(t, reader, "recv").map(({ detail }) => Number(detail.bytes));
}

function total(pieces: readonly number[]): number {
  return pieces.reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether the reader was given as many bytes in all. Unseen when it read nothing. */
function wasGiven(t: Timeline, reader: EndpointName, bytes: number): Observation {
  const reads = eventsOf(t, reader, "recv");
  return { answer: reads.length === 0 ? undefined : total(piecesOf(t, reader)) === bytes, evidence: reads.slice(-1) };
}

/** Whether the reader's pieces are others than these. */
function inOtherPieces(t: Timeline, reader: EndpointName, written: readonly number[]): Observation {
  const reads = eventsOf(t, reader, "recv");
  const evidence = [...callsOf(t, reader.replace("server", "client"), "write"), ...reads].slice(0, 6);
  return { answer: reads.length === 0 ? undefined : piecesOf(t, reader).join() !== written.join(), evidence };
}

/** A Node client and a reader that reads by hand, so that each read is a call of its own. */
async function connectReader(lab: Session): Promise<{ client: Endpoint; server: Peer }> {
  const listener = await lab.peerListen();
  const client = await lab.attempt(listener);
  await client.saw("connect");
  return { client, server: await listener.accept(client) };
}

async function hasUnread(server: Peer, bytes: number): Promise<void> {
  await server.shows(`${bytes} bytes unread`, ({ row }) => (row?.recvQ ?? 0) >= bytes);
}

const twoAsOne: Case = {
  name: "two writes of 100 and 200 bytes, before the reader reads",
  async experiment(lab) {
    const { client, server } = await connectReader(lab);
    await client.write(100);
    await client.write(200);
    await hasUnread(server, 300);
    await server.recv();
  },
  question: (t) => [
    given("the reader was given 300 bytes", wasGiven(t, "server", 300)),
    claimed("it was not given 100 and then 200", inOtherPieces(t, "server", [100, 200])),
  ],
};

const mebibyte = 1024 * 1024;

const oneAsSeveral: Case = {
  name: "one write of 1 MiB, and a reader that would take all of it at once",
  async experiment(lab) {
    const { client, server } = await connectReader(lab);
    await client.write(mebibyte);
    for (let bytes = 0; bytes < mebibyte; ) bytes += (await server.recv(mebibyte)).length;
  },
  question: (t) => [
    given("the reader was given 1 MiB", wasGiven(t, "server", mebibyte)),
    claimed("it was not given it in one piece", inOtherPieces(t, "server", [mebibyte])),
  ],
};

const oneByQuarters: Case = {
  name: "one write of 200 bytes, and a reader that takes 50 at a time",
  async experiment(lab) {
    const { client, server } = await connectReader(lab);
    await client.write(200);
    await hasUnread(server, 200);
    for (let reads = 0; reads < 4; reads++) await server.recv(50);
  },
  question: (t) => [
    given("the reader was given 200 bytes", wasGiven(t, "server", 200)),
    claimed("it was not given them in one piece", inOtherPieces(t, "server", [200])),
  ],
};

const byTiming: Case = {
  name: "the same two writes on two connections: one reader reads at once, the other later",
  async experiment(lab) {
    const prompt = await connectReader(lab);
    const late = await connectReader(lab);
    for (const bytes of [100, 200]) {
      await Promise.all([prompt.client.write(bytes), late.client.write(bytes)]);
      await hasUnread(prompt.server, bytes);
      await prompt.server.recv();
    }
    await hasUnread(late.server, 300);
    await late.server.recv();
  },
  question: (t) => [
    given("one reader was given 300 bytes", wasGiven(t, "server", 300)),
    given("so was the other", wasGiven(t, "server-2", 300)),
    claimed("the two were given them in different pieces", inOtherPieces(t, "server-2", piecesOf(t, "server"))),
  ],
};

const onTheWire: Case = {
  name: "three writes of 100 bytes, while the first is not acknowledged yet, and their segments",
  needs: { capture: true },
  async experiment(lab) {
    const { client, server } = await lab.connect();
    const lost = await lab.lose("data", { from: client });
    await client.write(100);
    await lost.catches();
    await Promise.all([client.write(100), client.write(100)]);
    await lost.lift();
    await server.received(300);
  },
  question: (t) => [
    claimed(
      "some segment has bytes of more than one write",
      onWire(t, ["client", "server"], (all) => {
        const data = sentBy(all, "client").filter(carriesData);
        if (data.length === 0) return { answer: undefined, shown: [] };
        const both = data.filter(({ seq, next }) => [101, 201].some((second) => seq < second && next > second));
        return { answer: both.length > 0, shown: both.length > 0 ? both : data };
      }),
    ),
  ],
};

export const byteStream: Claim = {
  address: "wire/byte-stream",
  statement: {
    en: "TCP delivers a stream of bytes: where one write ended and the next began is not kept.",
    zh: "TCP 提供的是字节流：不保留各次写入之间的边界。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("2.2"),
    rfc9293("3.7.4"),
    rfc9293("3.9.1.2"),
    rfc1122("4.2.2.2"),
    manual("tcp(7)"),
    manual("recv(2)"),
    nodeNet("event-data"),
  ],
  cases: [twoAsOne, oneAsSeveral, oneByQuarters, byTiming, onTheWire],
};
