import { isReachable } from "../model/diagram.ts";
import type { EndpointName, StateFact } from "../model/fact.ts";
import type { SocketRow, SocketTimer } from "../model/socket.ts";
import type { TcpState } from "../model/state.ts";
import { isOtherSocket, reading, statesOf } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

/** Whether the endpoint was in the state, or in one of them, when the experiment read it under the label. */
export function inState(
  t: Timeline,
  label: string,
  endpoint: EndpointName,
  states: TcpState | readonly TcpState[],
): Observation {
  const fact = reading(t, label, endpoint);
  if (fact === undefined) return { answer: undefined, evidence: [] };
  return { answer: [states].flat().includes(fact.state), evidence: [fact] };
}

/** Whether the labelled reading's row is as asked. Unseen when ss listed no socket: there was no row to look at. */
export function rowAt(
  t: Timeline,
  label: string,
  endpoint: EndpointName,
  predicate: (row: SocketRow) => boolean,
): Observation {
  const fact = reading(t, label, endpoint);
  if (fact?.row === undefined) return { answer: undefined, evidence: fact === undefined ? [] : [fact] };
  return { answer: predicate(fact.row), evidence: [fact] };
}

/** Whether a queue was as asked at the labelled reading: bytes, or on LISTEN connections. */
export function queueAt(
  t: Timeline,
  label: string,
  endpoint: EndpointName,
  queue: "recvQ" | "sendQ",
  predicate: (size: number) => boolean,
): Observation {
  return rowAt(t, label, endpoint, (row) => predicate(row[queue]));
}

/** Whether the kernel's timer was as asked at the labelled reading; the predicate gets `undefined` when none was set. */
export function timerAt(
  t: Timeline,
  label: string,
  endpoint: EndpointName,
  predicate: (timer: SocketTimer | undefined) => boolean,
): Observation {
  return rowAt(t, label, endpoint, (row) => predicate(row.timer));
}

/**
 * Whether the endpoint was seen in these states in this order, whatever lay between. A state that was not read may have
 * been missed: the answer is no only when what was read leaves it no room, and unseen otherwise.
 */
export function passedThrough(t: Timeline, endpoint: EndpointName, states: readonly TcpState[]): Observation {
  const changes = statesOf(t, endpoint);
  if (changes.length === 0 || states.length === 0) return { answer: undefined, evidence: changes };
  const evidence = firstInOrder(changes, states);
  if (evidence.length === states.length) return { answer: true, evidence };
  const seen = changes.map((fact) => fact.state);
  return { answer: isOneConnection(changes) && !hasRoom(states, seen) ? false : undefined, evidence: changes };
}

/** The first readings that show the states in this order, as far as they do. */
function firstInOrder(changes: readonly StateFact[], states: readonly TcpState[]): readonly StateFact[] {
  const found: StateFact[] = [];
  for (const fact of changes) if (fact.state === states[found.length]) found.push(fact);
  return found;
}

/** Whether all readings can be of one connection: one cookie, and CLOSED only before its beginning or at its end. */
function isOneConnection(changes: readonly StateFact[]): boolean {
  return changes.every((fact, index) => {
    const before = changes[index - 1];
    const isOver = before?.state === "CLOSED" && index > 1;
    return before === undefined || !(isOver || isOtherSocket(before, fact));
  });
}

/** Whether one connection could have run through both lists, each in its own order. */
function hasRoom(wanted: readonly TcpState[], seen: readonly TcpState[], past: readonly TcpState[] = []): boolean {
  const [nextWanted, ...restWanted] = wanted;
  const [nextSeen, ...restSeen] = seen;
  const last = past.at(-1);
  const isOver = last === "CLOSED" && past.some((state) => state !== "CLOSED");
  const canFollow = (state: TcpState) => last === undefined || last === state || (!isOver && isReachable(last, state));
  if (nextWanted === undefined) return nextSeen === undefined || canFollow(nextSeen);
  if (canFollow(nextWanted)) {
    const rest = nextWanted === nextSeen ? restSeen : seen;
    if (hasRoom(restWanted, rest, [...past, nextWanted])) return true;
  }
  return nextSeen !== undefined && canFollow(nextSeen) && hasRoom(wanted, restSeen, [...past, nextSeen]);
}
