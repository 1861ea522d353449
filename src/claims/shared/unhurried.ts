import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";

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
