import type { Session } from "../../lab/session.ts";

/** Segments are held between the two hosts, so the case wants them for itself. */
export const atOnceNeeds = { capture: true, exclusive: true } as const;

/**
 * Both sides connect to each other, and nobody listens: each SYN leaves before the other's has come (RFC 9293 §3.5,
 * figure 7). A connection of two others, "near", is there only because what is held must find its way first.
 */
export async function bothOpen(lab: Session): Promise<void> {
  const near = await lab.connect({ client: { name: "near" } });
  const { local: reserved } = await closedListener(lab);
  await using clientsHold = await lab.hold({ from: near.client });
  await using serversHold = await lab.hold({ from: near.server });
  await Promise.all([near.client.write(1), near.server.write(1)]);
  const client = await lab.attempt(reserved, { name: "client" });
  const server = await lab.attempt(client.local, { name: "server", host: "server", localPort: reserved.port });
  await clientsHold.release();
  await serversHold.release();
  await Promise.all([client.saw("connect"), server.saw("connect")]);
  await lab.reading("open");
}

/** A server's port that nobody else has, free again. */
async function closedListener(lab: Session) {
  const listener = await lab.listen();
  await listener.close();
  return listener;
}
