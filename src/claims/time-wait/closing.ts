import type { Fault } from "../../lab/fault.ts";
import type { Session } from "../../lab/session.ts";
import { closes, closesHalf, connectSides, leaves, type Side, type Sides, type WayToClose } from "../shared/sides.ts";

/** Who closes first, and how. */
export interface Closing {
  readonly active: Side;
  readonly way?: WayToClose;
  readonly family?: 4 | 6;
}

/** Opens a connection and closes one half of it. */
export async function closeHalf(lab: Session, { active: side, way = "end", family = 4 }: Closing): Promise<Sides> {
  const sides = await connectSides(lab, side, family);
  await closesHalf(sides.active, sides.passive, way);
  return sides;
}

/** Closes the other half; resolves when that FIN has come. */
export async function closeOther({ active, passive }: Sides): Promise<void> {
  await closes(passive, "end");
  await leaves(active, "FIN-WAIT-2");
}

/** Opens a connection and closes it, one side after the other. */
export async function closeBoth(lab: Session, closing: Closing): Promise<Sides> {
  const sides = await closeHalf(lab, closing);
  await closeOther(sides);
  await leaves(sides.passive, "LAST-ACK");
  return sides;
}

/** A connection closed by both sides, of which the passive one does not know that its FIN has come. */
export interface Unacknowledged extends Sides {
  readonly lastAck: Fault;
}

/** Closes a connection whose last ACK is lost, however often it is sent, until that fault is lifted. */
export async function closeWithoutLastAck(lab: Session, closing: Closing): Promise<Unacknowledged> {
  const sides = await closeHalf(lab, closing);
  const lastAck = await lab.lose("ACK of FIN", { from: sides.active });
  await closeOther(sides);
  return { ...sides, lastAck };
}
