import type { SocketRow } from "../model/socket.ts";
import type { TcpState } from "../model/state.ts";
import { monoNs } from "../model/time.ts";
import type { Answer } from "../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import { defaultWithinMs, poll } from "./deadline.ts";
import type { Listener } from "./listener.ts";
import type { Snapshot } from "./observers/snapshots.ts";
import type { Session } from "./session.ts";

/** Connections of which only the number is recorded. */
export interface CrowdOptions {
  readonly name?: string;
  readonly count: number;
  /** How many are open at one time; default 1. */
  readonly atOnce?: number;
  readonly process?: AgentProcess;
  /** Who closes: the client by end() (default) or by resetAndDestroy(), or the server. */
  readonly closing?: "end" | "reset" | "peer";
  /**
   * Whose choice the client's ports are: the kernel's (default), which leaves out what is in TIME-WAIT at the client, but
   * may choose a port again that is so only at the server; or ports that differ.
   */
  readonly ports?: "kernel" | "distinct";
  /** Bind the client to its host's address first, as one with several addresses does. */
  readonly bindsAddress?: boolean;
}

/** The kernel's own range ends before it by default. Other crowds may use the same ports, towards other listeners. */
const aboveEphemeral = 61_000;

/**
 * Opens connections to a listener and closes each. None is begun after one has failed, whose error is recorded as an event
 * of `name`; the number of the others is the measure "<name>: connections" under `label`.
 */
export async function openAndClose(
  lab: Session,
  listener: Listener,
  label: string,
  { name = "crowd", count, atOnce = 1, process, closing, ports, bindsAddress = false }: CrowdOptions,
): Promise<Answer<"openAndClose">> {
  const host = process?.host ?? lab.hosts[0] ?? listener.host;
  const { address, port } = listener.addressFor(4);
  const parameters = {
    client: `${listener.id}/${name}`,
    address,
    port,
    count,
    atOnce,
    ...(closing === undefined ? {} : { closing }),
    ...(ports === "distinct" ? { firstPort: aboveEphemeral } : {}),
    ...(bindsAddress ? { localAddress: host.addresses.v4 } : {}),
  };
  const { ok, at } = await host.link.request("openAndClose", parameters, {
    process: process?.id,
    timeoutMs: 80_000,
  });
  lab.story.measure(host.name, { name: `${name}: connections`, label, value: ok.opened, unit: "connections" });
  if (ok.error !== undefined) {
    const { code, message } = ok.error;
    const detail = { code, message };
    lab.story.facts.push({ kind: "event", at: monoNs(at), host: host.name, endpoint: name, event: "error", detail });
  }
  return ok;
}

/** What to count, and when. */
export interface SocketCount {
  readonly host: string;
  readonly state: TcpState;
  readonly label: string;
  /**
   * Waits until no connection is open any more: where all are to end, one that is open still has merely not begun to.
   * Otherwise those that are open count as being at rest.
   */
  readonly allEnd?: boolean;
}

/**
 * Counts a listener's connections in a state at one host, by ss, once none of them is on its way to another state
 * anywhere. Recorded as the measure "sockets in <state>" under `label`; the first of them go into the story as ss printed
 * them.
 */
export async function countSockets(
  lab: Session,
  listener: Listener,
  { host, state, label, allEnd = false }: SocketCount,
): Promise<number> {
  await settled(lab, listener, allEnd ? ["TIME-WAIT"] : ["ESTABLISHED", "TIME-WAIT"]);
  const snapshot = await lab.host(host).snapshots.take([listener.local.port]);
  const rows = connectionsIn(snapshot, listener).filter((row) => row.state === state);
  const value = rows.length;
  lab.story.measure(host, { name: `sockets in ${state}`, label, value, unit: "sockets" }, snapshot.at);
  for (const { line } of rows.slice(0, rowsShown)) lab.story.note(host, line, snapshot.at);
  return value;
}

const rowsShown = 2;

/** Resolves once every connection of the listener is in one of these states, or gone. */
async function settled(lab: Session, listener: Listener, atRest: readonly TcpState[]): Promise<void> {
  const look = async () => {
    const tables = await Promise.all(lab.hosts.map((host) => host.snapshots.take([listener.local.port])));
    const moving = tables
      .flatMap((table) => connectionsIn(table, listener))
      .filter((row) => !atRest.includes(row.state));
    return { seen: moving[0]?.line ?? "none", ...(moving.length === 0 ? { done: true } : {}) };
  };
  const waitingFor = `every connection of ${listener.name} to be ${atRest.join(", ")} or gone`;
  await lab.story.noteMiss(poll({ waitingFor, withinMs: defaultWithinMs, look }));
}

function connectionsIn({ rows }: Snapshot, { local: { port } }: Listener): readonly SocketRow[] {
  return rows.filter(({ state, local, peer }) => state !== "LISTEN" && (local.port === port || peer.port === port));
}
