import type { Endpoint } from "../../lab/endpoint.ts";
import type { Family } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import { type TcpState, tcpStates } from "../../model/state.ts";

export const sides = ["client", "server"] as const;

export type Side = (typeof sides)[number];

/** How a program lets go of a socket, in Node's words. */
export type WayToClose = "end" | "destroy";

export function otherSide(side: Side): Side {
  return side === "client" ? "server" : "client";
}

export interface Sides {
  readonly active: Endpoint;
  readonly passive: Endpoint;
}

/** A connected pair by its roles. */
export function sidesOf(pair: Pair, active: Side): Sides {
  return { active: pair[active], passive: pair[otherSide(active)] };
}

/** A connected pair; neither runtime answers a FIN by itself. */
export async function connectPair(lab: Session, family: Family = 4): Promise<Pair> {
  return await lab.connect({
    client: { allowHalfOpen: true, family },
    server: { allowHalfOpen: true, bind: family === 6 ? "v6" : "v4" },
  });
}

/** As connectPair, by the roles that the two will have. */
export async function connectSides(lab: Session, active: Side, family: Family = 4): Promise<Sides> {
  return sidesOf(await connectPair(lab, family), active);
}

/** Resolves once the kernel has been told: end() shuts the sending side, destroy() gives the descriptor back. */
export async function closes(endpoint: Endpoint, way: WayToClose): Promise<void> {
  await endpoint[way]();
  await endpoint.saw(way === "end" ? "finish" : "close");
}

/** Resolves once the passive side's program has seen the end, and the active side's FIN is acknowledged. */
export async function closesHalf(active: Endpoint, passive: Endpoint, way: WayToClose = "end"): Promise<void> {
  await closes(active, way);
  await passive.saw("end");
  await leaves(active, "FIN-WAIT-1");
}

/** Resolves once the kernel shows any other state. What comes next is what the case asks. */
export async function leaves(endpoint: Endpoint, state: TcpState): Promise<void> {
  await endpoint.reaches(tcpStates.filter((other) => other !== state));
}
