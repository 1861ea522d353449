import { compared, measured } from "../../judge/measures.ts";
import type { Observation } from "../../judge/observation.ts";
import { countSockets } from "../../lab/crowd.ts";
import type { Listener } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { Needs } from "../../model/claim.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import type { Side } from "../shared/sides.ts";

const name = "sockets in TIME-WAIT";

/**
 * Hosts whose TIME-WAITs no RST ends (RFC 1337): on a busy machine a FIN is sent twice, and the answer to the second one
 * meets a peer that is gone and says so. What is counted here is what was left, not how busy the machine is.
 */
export const countable: Needs = { sysctls: { "net.ipv4.tcp_rfc1337": 1 } };

/** How many connections of a crowd are open at one time: a busy machine then still opens a thousand in seconds. */
export const atOnce = 20;

/** Counts a listener's connections that are in TIME-WAIT, on both sides, once none is closing; with `allEnd`, none open. */
export async function countTimeWaits(lab: Session, listener: Listener, label: string, allEnd = false): Promise<void> {
  for (const host of ["client", "server"]) {
    await countSockets(lab, listener, { host, state: "TIME-WAIT", label, allEnd });
  }
}

/** Whether as many as asked were in TIME-WAIT on one side. */
export function timeWaits(t: Timeline, label: string, host: Side, predicate: (count: number) => boolean): Observation {
  return measured(t, { name, label, host }, predicate);
}

/** Whether as many as asked were in TIME-WAIT on both sides together. */
export function timeWaitsInAll(t: Timeline, label: string, predicate: (count: number) => boolean): Observation {
  const at = (host: Side) => ({ name, label, host });
  return compared(t, at("client"), at("server"), (client, server) => predicate(client + server));
}
