import type { Session } from "../../lab/session.ts";
import { closes, connectPair, connectSides, leaves, type Side, type Sides, type WayToClose } from "../shared/sides.ts";

export interface Closing {
  /** Who closes first. */
  readonly active: Side;
  readonly first?: WayToClose;
  readonly second?: WayToClose;
  readonly family?: 4 | 6;
}

/** The readings of a close in steps, in order. */
export const steps = {
  connected: "connected",
  firstFinOnItsWay: "the first FIN is on its way",
  firstFinAcknowledged: "the first FIN is acknowledged",
  secondFinUnacknowledged: "the second FIN has arrived, its ACK has not",
  secondFinAcknowledged: "the second FIN is acknowledged",
} as const;

/** Closes a connection one segment at a time: each is lost until the states before it have been read. */
export async function closeInSteps(lab: Session, closing: Closing): Promise<Sides> {
  const { active: side, first = "end", second = "end", family = 4 } = closing;
  const { active, passive } = await connectSides(lab, side, family);
  await lab.reading(steps.connected);

  const firstFin = await lab.lose("FIN", { from: active });
  await closes(active, first);
  await lab.reading(steps.firstFinOnItsWay);
  await firstFin.lift();
  await passive.saw("end");
  await leaves(active, "FIN-WAIT-1");
  await lab.reading(steps.firstFinAcknowledged);

  const lastAck = await lab.lose("ACK of FIN", { from: active });
  await closes(passive, second);
  await leaves(active, "FIN-WAIT-2");
  await lab.reading(steps.secondFinUnacknowledged);
  await lastAck.lift();
  await leaves(passive, "LAST-ACK");
  await lab.reading(steps.secondFinAcknowledged);
  return { active, passive };
}

/** The client closes, the server answers when it has seen it; both are read once the client's runtime has done with it. */
export async function closeOrdinarily(lab: Session, label: string): Promise<void> {
  const { client, server } = await connectPair(lab);
  await closes(client, "end");
  await server.saw("end");
  await closes(server, "end");
  await client.saw("close");
  await lab.reading(label);
}
