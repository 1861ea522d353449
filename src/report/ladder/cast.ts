import type { EndpointName } from "../../model/fact.ts";
import { addressText } from "../../model/socket.ts";
import { endpointsOf, readingsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/** One lifeline of the ladder. */
export interface Role {
  readonly endpoint: EndpointName;
  /** The host it was first seen on. */
  readonly host: string;
  /** Its own address as ss has it; empty when ss never listed it. */
  readonly address: string;
}

/** Who stands where: the client at the left, the server at the right, everyone else below. */
export interface Cast {
  readonly left: Role | undefined;
  readonly right: Role | undefined;
  readonly others: readonly EndpointName[];
}

export function castOf(t: Timeline): Cast {
  const names = endpointsOf(t);
  const isServer = (name: EndpointName) => name.startsWith("server");
  const left = pick(names, (name) => name === "client") ?? pick(names, (name) => name.startsWith("client"));
  const right = pick(names, (name) => name === "server") ?? pick(names, isServer);
  const first = left ?? pick(names, (name) => name !== right && !isServer(name) && !onlyListens(t, name));
  const second = right ?? pick(names, (name) => name !== first && !name.startsWith("client") && !onlyListens(t, name));
  const third = second ?? pick(names, (name) => name !== first);
  return {
    left: roleOf(t, first),
    right: roleOf(t, third),
    others: names.filter((name) => name !== first && name !== third),
  };
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
  const row = readingsOf(t, endpoint).find((fact) => fact.row !== undefined)?.row;
  return { endpoint, host, address: row === undefined ? "" : addressText(row.local) };
}
