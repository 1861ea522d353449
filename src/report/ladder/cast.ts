import type { EndpointName, SegmentFact } from "../../model/fact.ts";
import { addressText, type SocketAddress } from "../../model/socket.ts";
import { endpointsOf, readingsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/** One lifeline of the ladder. */
export interface Role {
  /** Empty for an address that is no socket of the story: a port where nobody listens. */
  readonly endpoint: EndpointName;
  /** The host it was first seen on. */
  readonly host: string;
  /** Its own address as ss or the wire has it; empty when neither told. */
  readonly address: string;
}

/** Who stands where: the client at the left, the server at the right, everyone else below. */
export interface Cast {
  readonly left: Role | undefined;
  readonly right: Role | undefined;
  readonly others: readonly EndpointName[];
}

export type Side = "left" | "right";

export function castOf(t: Timeline): Cast {
  const names = namesOf(t);
  const isServer = (name: EndpointName) => name.startsWith("server");
  const left = pick(names, (name) => name === "client") ?? pick(names, (name) => name.startsWith("client"));
  const right = pick(names, (name) => name === "server") ?? pick(names, isServer);
  const first = left ?? pick(names, (name) => name !== right && !isServer(name) && !onlyListens(t, name));
  const second = right ?? pick(names, (name) => name !== first && !name.startsWith("client") && !onlyListens(t, name));
  const third = second ?? pick(names, (name) => name !== first);
  return {
    left: roleOf(t, first),
    right: roleOf(t, third) ?? nobody(t, first),
    others: names.filter((name) => name !== first && name !== third),
  };
}

/** The side at which an endpoint stands; undefined for those below. */
export function sideOf(endpoint: EndpointName, { left, right }: Cast): Side | undefined {
  if (left?.endpoint === endpoint) return "left";
  return right?.endpoint === endpoint ? "right" : undefined;
}

/** The side that a captured segment goes to; undefined when it is not of the two lifelines. */
export function towards(fact: SegmentFact, cast: Cast): Side | undefined {
  const { source, destination } = fact.segment;
  const [from, to] = [fact.from, fact.to].map((name) => (name === undefined ? undefined : sideOf(name, cast)));
  if (from !== undefined && to !== undefined) return from === to ? undefined : to;
  if (from !== undefined) return isAt(destination, opposite(from), cast) ? opposite(from) : undefined;
  if (to !== undefined) return isAt(source, opposite(to), cast) ? to : undefined;
  if (isAt(source, "left", cast) && isAt(destination, "right", cast)) return "right";
  return isAt(source, "right", cast) && isAt(destination, "left", cast) ? "left" : undefined;
}

export const opposite = (side: Side): Side => (side === "left" ? "right" : "left");

/** A socket that was not yet accepted, or is gone, has no name, but its address is the lifeline's; a listener's may be a wildcard. */
function isAt(address: SocketAddress, side: Side, cast: Cast): boolean {
  const role = cast[side];
  if (role === undefined) return false;
  return (
    role.address === addressText(address) ||
    new RegExp(`^(\\*|0\\.0\\.0\\.0|\\[::\\]):${address.port}$`).test(role.address)
  );
}

function namesOf(t: Timeline): readonly EndpointName[] {
  const onWire = t.facts.flatMap((fact) => (fact.kind === "segment" ? [fact.from ?? [], fact.to ?? []].flat() : []));
  return [...new Set([...endpointsOf(t), ...onWire])];
}

function pick(names: readonly EndpointName[], is: (name: EndpointName) => boolean): EndpointName | undefined {
  return names.find(is);
}

function onlyListens(t: Timeline, endpoint: EndpointName): boolean {
  const readings = readingsOf(t, endpoint);
  return readings.length > 0 && readings.every((fact) => fact.state === "LISTEN" || fact.state === "CLOSED");
}

function roleOf(t: Timeline, endpoint: EndpointName | undefined): Role | undefined {
  if (endpoint === undefined) return undefined;
  const host = t.facts.find((fact) => "endpoint" in fact && fact.endpoint === endpoint)?.host ?? endpoint;
  const address = readingsOf(t, endpoint).find((fact) => fact.row !== undefined)?.row?.local ?? onWire(t, endpoint);
  return { endpoint, host, address: address === undefined ? "" : addressText(address) };
}

function onWire(t: Timeline, endpoint: EndpointName): SocketAddress | undefined {
  for (const fact of t.facts) {
    if (fact.kind === "segment" && fact.from === endpoint) return fact.segment.source;
    if (fact.kind === "segment" && fact.to === endpoint) return fact.segment.destination;
  }
  return undefined;
}

/** Where the only endpoint's segments went, when no socket was there. */
function nobody(t: Timeline, endpoint: EndpointName | undefined): Role | undefined {
  if (endpoint === undefined) return undefined;
  const sent = t.facts.find((fact) => fact.kind === "segment" && fact.from === endpoint);
  return sent?.kind === "segment"
    ? { endpoint: "", host: "", address: addressText(sent.segment.destination) }
    : undefined;
}
