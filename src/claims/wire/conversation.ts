import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Family } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import { connectPair } from "../shared/sides.ts";

/** What the client says in a conversation, and what the server answers, in bytes. */
export const said = { client: 5, server: 3 } as const;

/** A connection from its first segment to its last; each segment is answered before the next one is sent. */
export async function wholeConversation(lab: Session, family: Family = 4): Promise<void> {
  const pair = await connectPair(lab, family);
  await talks(pair);
  await closesInTurn(pair);
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
