import { isReachable } from "../model/diagram.ts";
import { FinwaitError } from "../model/errors.ts";
import type { StateFact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import { ms } from "../model/time.ts";
import { ssLine } from "./describe.ts";
import { endpointsOf, readingsOf } from "./query.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Holds every endpoint's readings against the state diagram. States may have been missed between two readings, but no
 * connection moves backwards: then finwait misread ss, or mistook one socket for another.
 *
 * A new cookie under the same endpoint name is a new connection. Readings whose windows of uncertainty overlap may have
 * happened in either order, and both orders are tried.
 *
 * @throws FinwaitError FINWAIT_IMPOSSIBLE_TRANSITION with both states, the endpoint, its host, the times and the ss lines.
 */
export function checkTransitions(t: Timeline): void {
  for (const endpoint of endpointsOf(t)) {
    const connections: Connection[] = [];
    for (const fact of readingsOf(t, endpoint)) {
      const connection = connectionOf(fact, connections);
      const before = contradicted(fact, connection);
      if (before !== undefined) throw impossible(before, fact);
      join(connection, fact);
    }
  }
}

/** One socket's life as read so far. */
interface Connection {
  cookie: string | undefined;
  /** For each state, the reading that is sure to have happened first; CLOSED among them is from before it began. */
  readings: StateFact[];
  /** The CLOSED that came after other states. */
  end: StateFact | undefined;
}

/** The connection a reading belongs to; the last in the list is the current one. */
function connectionOf(fact: StateFact, connections: Connection[]): Connection {
  const current = connections.at(-1);
  const cookie = fact.row?.cookie;
  const known = cookie === undefined ? undefined : connections.find((connection) => connection.cookie === cookie);
  if (known !== undefined) return known;
  const isSameSocket = current !== undefined && (cookie === undefined || current.cookie === undefined);
  if (isSameSocket && (isClosed(fact) || current.end === undefined)) {
    current.cookie ??= cookie;
    return current;
  }
  const fresh: Connection = { cookie, readings: [], end: undefined };
  connections.push(fresh);
  return fresh;
}

/** The earlier reading that this one cannot follow, if there is one. */
function contradicted(fact: StateFact, { readings, end }: Connection): StateFact | undefined {
  const before = readings.find((earlier) => !canBeOfOneSocket(earlier, fact));
  if (before !== undefined || end === undefined || isClosed(fact)) return before;
  // A socket that ss no longer lists does not come back.
  const wasAlive = readings.some((earlier) => !isClosed(earlier) && isSurelyBefore(earlier, end));
  return wasAlive && isSurelyBefore(end, fact) ? end : undefined;
}

function canBeOfOneSocket(earlier: StateFact, later: StateFact): boolean {
  if (isStep(earlier.state, later.state)) return true;
  return !isSurelyBefore(earlier, later) && isStep(later.state, earlier.state);
}

function isStep(from: TcpState, to: TcpState): boolean {
  return from === to || isReachable(from, to);
}

function isSurelyBefore(a: StateFact, b: StateFact): boolean {
  return a.at + a.uncertaintyNs < b.at - b.uncertaintyNs;
}

function join(connection: Connection, fact: StateFact): void {
  const { readings } = connection;
  if (isClosed(fact) && readings.some((earlier) => !isClosed(earlier))) {
    connection.end = sureFirst(connection.end, fact);
    return;
  }
  const same = readings.findIndex((earlier) => earlier.state === fact.state);
  if (same < 0) readings.push(fact);
  else readings[same] = sureFirst(readings[same], fact);
}

/** Of two readings of a state, the one whose window closes first. */
function sureFirst(a: StateFact | undefined, b: StateFact): StateFact {
  return a !== undefined && a.at + a.uncertaintyNs <= b.at + b.uncertaintyNs ? a : b;
}

const isClosed = (fact: StateFact): boolean => fact.state === "CLOSED";

function impossible(before: StateFact, after: StateFact): FinwaitError {
  const { endpoint, host } = after;
  return new FinwaitError(
    "FINWAIT_IMPOSSIBLE_TRANSITION",
    [
      `Endpoint "${endpoint}" on host "${host}" was read in ${before.state}, then in ${after.state}: RFC 9293 §3.3.2 has no such path.`,
      `  ${when(before)} ${before.state}  ${ssLine(before)}`,
      `  ${when(after)} ${after.state}  ${ssLine(after)}`,
      "Two sockets were taken for one, or ss was misread: report it with these lines.",
    ].join("\n"),
  );
}

function when(fact: StateFact): string {
  return `+${ms(fact.at).toFixed(3)} ms (±${ms(fact.uncertaintyNs).toFixed(3)} ms)`;
}
