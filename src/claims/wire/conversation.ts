import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Family } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";

/** What the client says in a conversation, and what the server answers, in bytes. */
export const said = { client: 5, server: 3 } as const;

/** A connection from its first segment to its last; each segment is answered before the next one is sent. */
export async function wholeConversation(lab: Session, family: Family = 4): Promise<void> {
  const pair = await connectPair(lab, family);
  await talks(pair);
  await closesInTurn(pair);
}

export async function connectPair(lab: Session, family: Family = 4): Promise<Pair> {
  return await lab.connect({
    client: { allowHalfOpen: true, family },
    server: { allowHalfOpen: true, bind: family === 6 ? "v6" : "v4" },
  });
}

export async function talks({ client, server }: Pair): Promise<void> {
  await client.write(said.client);
  await server.received(said.client);
  await isAcknowledged(client);
  await server.write(said.server);
  await client.received(said.server);
  await isAcknowledged(server);
}

/** Four segments: neither side's FIN leaves before the one before it is answered. */
export async function closesInTurn({ client, server }: Pair): Promise<void> {
  await client.end();
  await server.saw("end");
  await client.reaches("FIN-WAIT-2");
  await server.end();
  await client.saw("close");
  await orLate(server.reaches("CLOSED"));
}

/** With the shortest retransmission timeout so long, nothing is sent again only because the machine is slow. */
export const unhurriedNeeds = { capture: true, sysctls: { "net.ipv4.tcp_rto_min_us": 60_000_000 } } as const;
export const unhurried = "(tcp_rto_min_us 0.2 → 60 s)";

/**
 * Needs `unhurriedNeeds`: a tail loss probe would push the second write out before its FIN is there.
 *
 * Nagle's delay keeps the second write back, because nothing acknowledges the first; the FIN then joins it.
 */
export async function endsWithData(lab: Session): Promise<Pair> {
  const pair = await lab.connect();
  const { client, server } = pair;
  await using lost = await lab.lose("bare ACK", { from: server });
  await Promise.all([client.write(5), client.end(7)]);
  await server.saw("end");
  await lost.lift();
  await client.saw("close");
  return pair;
}

/** More than one segment at once, even where the network card is given large ones to cut. */
const twoFlights = 20_000;

/** The first segment is lost; what leaves together with it is acknowledged selectively. */
export async function withGap(lab: Session): Promise<void> {
  const { client, server } = await connectPair(lab);
  await using _lost = await lab.lose("everything", { from: client, times: 1 });
  await client.write(twoFlights);
  await server.received(twoFlights);
  await isAcknowledged(client);
}

/** Resolves once all that the endpoint has sent is acknowledged. */
export async function isAcknowledged(endpoint: Endpoint): Promise<void> {
  await orLate(endpoint.shows("nothing unacknowledged", ({ row }) => row?.sendQ === 0));
}
