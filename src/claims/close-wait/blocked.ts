import type { Observation } from "../../judge/observation.ts";
import { sawBefore } from "../../judge/times.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import { labelled } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/** For how long a server's event loop is blocked, in milliseconds. */
export const blockedMs = 8_000;

/** A connection that its client ends before the server's event loop, blocked, could accept it. */
export async function endsUnaccepted(lab: Session): Promise<{ server: Endpoint; over: Promise<void> }> {
  const worker = await lab.process({ host: "server" });
  const listener = await lab.listen({ process: worker });
  const { over } = await worker.block(blockedMs);
  const client = await lab.dial(listener);
  const server = listener.endOf(client);
  await client.end();
  await server.reaches("CLOSE-WAIT");
  return { server, over };
}

/** Whether the server's event loop was still blocked when the experiment had taken the labelled reading. */
export function stillBlocked(t: Timeline, label: string): Observation {
  const read = labelled(t, label).findLast((fact) => fact.kind === "state" && fact.host === "server");
  const freed = t.facts.find((fact) => fact.kind === "note" && fact.text.endsWith("event loop free again"));
  return sawBefore(read, freed);
}
