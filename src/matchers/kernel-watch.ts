import { checkedMs, DeadlineMissed, poll } from "../lab/deadline.ts";
import { checkedGraceMs } from "../leak/grace.ts";
import type { Fact, StateFact } from "../model/fact.ts";
import { given, refuse } from "./outcome.ts";

/**
 * What the matchers need of an Endpoint or a Peer. Not the class itself: a test may have the lab from one copy of the
 * package and the matchers from another.
 */
export interface WatchedSocket {
  readonly name: string;
  readonly facts: readonly Fact[];
  state(): Promise<StateFact>;
}

/** @throws FINWAIT_USAGE naming the matcher, for what is no socket of a lab. */
export function socketIn(received: unknown, matcher: string): WatchedSocket {
  const isSocket =
    typeof received === "object" &&
    received !== null &&
    "name" in received &&
    "facts" in received &&
    "state" in received &&
    typeof received.state === "function";
  if (!isSocket) refuse(`${matcher} is asked of an Endpoint or a Peer of a finwait lab, not of ${given(received)}.`);
  return received as WatchedSocket;
}

/** What was seen of a socket in a while: `found` is the reading that ended it early, `last` the last one. */
export interface Watched {
  readonly found: boolean;
  readonly first: StateFact;
  readonly last: StateFact;
}

/**
 * Reads a socket's state until a reading is what is looked for, or `forMs` have passed; the last reading is made after
 * that. Nothing is missed when it is not found: which of both is hoped for, only the matcher knows.
 */
export async function watch(
  socket: WatchedSocket,
  forMs: number,
  isFound: (seen: StateFact, first: StateFact) => boolean,
): Promise<Watched> {
  let last = await socket.state();
  const first = last;
  if (isFound(last, first)) return { found: true, first, last };
  const look = async () => {
    last = await socket.state();
    return { seen: last.state, ...(isFound(last, first) ? { done: true } : {}) };
  };
  try {
    const found = await poll({ waitingFor: socket.name, withinMs: forMs, look });
    return { found, first, last };
  } catch (error) {
    if (!(error instanceof DeadlineMissed)) throw error;
    return { found: false, first, last };
  }
}

/**
 * Positive matchers end with their own message before vitest's limit of 5 s for a test ends them without one.
 */
export const patienceMs = 4_000;

/** @throws FINWAIT_USAGE when it is missing, or no length of time. */
export function statedMs(options: unknown, name: "for" | "within", why: string): number {
  const value = optionalMs(options, name);
  return value ?? refuse(why);
}

/** @throws FINWAIT_USAGE when it is given and no length of time. */
export function optionalMs(options: unknown, name: "for" | "within" | "grace"): number | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) {
    refuse(`Options are an object such as { ${name}: 500 }, not ${given(options)}.`);
  }
  const unknown = Object.keys(options).find((key) => key !== name);
  if (unknown !== undefined) refuse(`There is no option "${unknown}" here; there is "${name}", in milliseconds.`);
  const value: unknown = Reflect.get(options, name);
  if (value === undefined) return undefined;
  return name === "grace" ? checkedGraceMs(value, name) : checkedMs(value, name);
}
