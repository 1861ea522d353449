import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import type { DialOptions } from "../../lab/session-options.ts";
import { type TcpState, tcpStates } from "../../model/state.ts";

export type Side = "client" | "server";

/** How a program lets go of a socket, in Node's words. */
export type WayToClose = "end" | "destroy";

export function otherSide(side: Side): Side {
  return side === "client" ? "server" : "client";
}

export interface Sides {
  readonly active: Endpoint;
  readonly passive: Endpoint;
}

/** A connected pair by its roles; neither runtime answers a FIN by itself. */
export async function connectSides(lab: Session, active: Side, family: DialOptions["family"] = 4): Promise<Sides> {
  const { client, server } = await lab.connect({
    client: { allowHalfOpen: true, family },
    server: { allowHalfOpen: true, bind: family === 6 ? "v6" : "v4" },
  });
  return active === "client" ? { active: client, passive: server } : { active: server, passive: client };
}

/** Resolves once the kernel has been told: end() shuts the sending side, destroy() gives the descriptor back. */
export async function closes(endpoint: Endpoint, way: WayToClose): Promise<void> {
  await endpoint[way]();
  await endpoint.saw(way === "end" ? "finish" : "close");
}

/** Resolves once the kernel shows any other state. What comes next is what the case asks. */
export async function leaves(endpoint: Endpoint, state: TcpState): Promise<void> {
  await endpoint.reaches(tcpStates.filter((other) => other !== state));
}

/** The client closes, the server answers when it has seen it; both are read once the client's runtime has done with it. */
export async function closeOrdinarily(lab: Session, label: string): Promise<void> {
  const { active: client, passive: server } = await connectSides(lab, "client");
  await closes(client, "end");
  await server.saw("end");
  await closes(server, "end");
  await client.saw("close");
  await lab.reading(label);
}
