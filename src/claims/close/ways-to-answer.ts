import type { Case } from "../../experiment/claim.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Family } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import { type Route, routeTo } from "../shared/routes.ts";
import { connectPair, connectSides, leaves, otherSide, type Side, type Sides, sidesOf } from "../shared/sides.ts";

/** The reading at which both sides have closed. */
export const closed = "both sides have closed";

/** How a case of a captured close is set up: what it needs, what happens. */
export type Act = Pick<Case, "experiment"> & { readonly needs: NonNullable<Case["needs"]> };

const capture = { capture: true };

/** The passive side closes when its kernel has acknowledged the active side's FIN by itself. */
export function answersLater(active: Side, family: Family = 4): Act {
  return {
    needs: capture,
    async experiment(lab) {
      const { active: closer, passive } = await connectSides(lab, active, family);
      await closer.end();
      await closer.reaches("FIN-WAIT-2");
      await passive.end();
      await bothClosed(lab, passive);
    },
  };
}

/** As answersLater, and in between the passive side sends more, for which a half-closed connection is there. */
export function sendsMore(active: Side, bytes: number): Act {
  return {
    needs: capture,
    async experiment(lab) {
      const { active: closer, passive } = await connectSides(lab, active);
      await closer.write(bytes);
      await passive.received(bytes);
      await closer.end();
      await closer.reaches("FIN-WAIT-2");
      await passive.write(bytes);
      await closer.received(bytes);
      await passive.end();
      await bothClosed(lab, passive);
    },
  };
}

/**
 * Node ends in the passive process as soon as it reads the end. Data went to it before: only then does Linux wait 40 ms
 * for something to carry its ACK; on a connection without, it waits no longer than until its clock's next tick. How soon
 * a process gets to run nobody can promise, so there are several connections, and the soonest answer counts.
 */
export function answersAtOnce(active: Side, { quickAcks = false }: { readonly quickAcks?: boolean } = {}): Act {
  return {
    needs: { capture: true, exclusive: true },
    async experiment(lab) {
      await using _route = quickAcks ? await routeWithQuickAcks(lab, otherSide(active), active) : undefined;
      const connections = await Promise.all(Array.from({ length: atOnce }, () => connectForAnswer(lab, active)));
      await lab.elapse(100, "an ACK of the data may be kept back for 40 ms");
      for (const { active: closer, passive } of connections) {
        await closer.end();
        await passive.saw("close");
      }
      await Promise.all(connections.map(({ passive }) => gone(passive)));
      await lab.reading(closed);
    },
  };
}

/** Connections of a case in which the passive side answers at once. */
export const atOnce = 8;

async function connectForAnswer(lab: Session, active: Side): Promise<Sides> {
  const pair = await lab.connect({
    client: { allowHalfOpen: active === "client" },
    server: { allowHalfOpen: active === "server" },
  });
  const sides = sidesOf(pair, active);
  await sides.active.write(100);
  await sides.passive.received(100);
  return sides;
}

/** The passive process, which would answer at once, does not get to run before its kernel has acknowledged the FIN. */
export const isFrozen: Act = {
  needs: capture,
  async experiment(lab) {
    const process = await lab.process({ host: "server" });
    const { client, server } = await lab.connect({ client: { allowHalfOpen: true }, server: { process } });
    await process.freeze();
    await client.end();
    await client.reaches("FIN-WAIT-2");
    await process.thaw();
    await bothClosed(lab, server);
  },
};

/** Both FINs leave before either has arrived. */
export const closesToo: Act = {
  needs: { capture: true, exclusive: true },
  async experiment(lab) {
    const { client, server } = await connectPair(lab);
    await using clientsHold = await lab.hold({ from: client });
    await using serversHold = await lab.hold({ from: server });
    await client.end();
    await server.end();
    await Promise.all([client.reaches("FIN-WAIT-1"), server.reaches("FIN-WAIT-1")]);
    await clientsHold.release();
    await serversHold.release();
    await Promise.all([client.reaches("TIME-WAIT"), server.reaches("TIME-WAIT")]);
    await Promise.all([client.saw("close"), server.saw("close")]);
    await lab.reading(closed);
  },
};

/** Resolves when the passive side's FIN is acknowledged, which ends the close, and both runtimes know. */
export async function bothClosed(lab: Session, passive: Endpoint): Promise<void> {
  await passive.saw("finish");
  await gone(passive);
  await lab.reading(closed);
}

async function gone(passive: Endpoint): Promise<void> {
  await leaves(passive, "CLOSE-WAIT");
  await leaves(passive, "LAST-ACK");
}

/** A route to the peer on which every ACK is sent at once, until disposed. */
async function routeWithQuickAcks(lab: Session, of: Side, to: Side): Promise<Route> {
  const address = lab.host(to).addresses.v4;
  const route = await routeTo(lab.host(of), address, "quickack", "1");
  lab.story.note(of, `the route to ${address} asks for every ACK at once: ip route add ${route.text}`);
  return route;
}
