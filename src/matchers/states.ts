import { type TcpState, tcpStates } from "../model/state.ts";
import { optionalMs, patienceMs, socketIn, statedMs, watch } from "./kernel-watch.ts";
import { type Asked, given, type Outcome, outcome, refuse } from "./outcome.ts";
import { nameOf, seenLast } from "./socket-text.ts";

/** `toReach`: the kernel shows the state, or one of several, within a time. */
export async function toReach(
  asked: Asked,
  received: unknown,
  states: unknown,
  options: unknown = {},
): Promise<Outcome> {
  const socket = socketIn(received, "toReach");
  const wanted = statesIn(states, "toReach");
  const withinMs = asked.isNot
    ? statedMs(options, "within", "Say how long it must not: .not.toReach(state, { within: 500 }).")
    : (optionalMs(options, "within") ?? patienceMs);
  const { found, last } = await watch(socket, withinMs, (seen) => wanted.includes(seen.state));
  const words = wanted.join(" or ");
  return outcome(found, () => [
    found
      ? `${nameOf(socket)} was not to reach ${words} within ${withinMs} ms, but did:`
      : `${nameOf(socket)} did not reach ${words} within ${withinMs} ms; it is still in`,
    ...seenLast(socket, last),
  ]);
}

/** `toStayIn`: every reading for a time shows the state. */
export async function toStayIn(_asked: Asked, received: unknown, state: unknown, options: unknown): Promise<Outcome> {
  const socket = socketIn(received, "toStayIn");
  const [wanted, other] = statesIn(state, "toStayIn");
  if (other !== undefined) refuse("toStayIn is asked of one state: a socket that changes does not stay.");
  const forMs = statedMs(options, "for", "Say for how long: toStayIn(state, { for: 500 }).");
  const { found: left, first, last } = await watch(socket, forMs, (seen) => seen.state !== wanted);
  const whatHappened = !left
    ? `was not to stay in ${wanted} for ${forMs} ms, but did:`
    : first.state === wanted
      ? `was to stay in ${wanted} for ${forMs} ms, but went on to`
      : `was to stay in ${wanted} for ${forMs} ms, but was not in it to begin with (await toReach first); it is in`;
  return outcome(!left, () => [`${nameOf(socket)} ${whatHappened}`, ...seenLast(socket, last)]);
}

const halfClosed: readonly TcpState[] = ["FIN-WAIT-2", "CLOSE-WAIT"];

/**
 * `toBeHalfClosed`: one direction of the connection has ended, and both kernels know. FIN-WAIT-2: this end has ended and
 * may still receive. CLOSE-WAIT: the peer has ended and this end may still send. FIN-WAIT-1 is not it yet, as the peer
 * need not know; nor is it when both have ended.
 */
export async function toBeHalfClosed(asked: Asked, received: unknown, options: unknown = {}): Promise<Outcome> {
  const socket = socketIn(received, "toBeHalfClosed");
  const withinMs = optionalMs(options, "within") ?? patienceMs;
  // With .not it waits for the opposite: half-closed at first is no failure when the other side ends in time.
  const { found, last } = await watch(socket, withinMs, ({ state }) => halfClosed.includes(state) !== asked.isNot);
  return outcome(found !== asked.isNot, () => [
    asked.isNot
      ? `${nameOf(socket)} was not to be half-closed, but for ${withinMs} ms it was:`
      : `${nameOf(socket)} was to be half-closed within ${withinMs} ms (FIN-WAIT-2 or CLOSE-WAIT), but is in`,
    ...seenLast(socket, last),
  ]);
}

/** @throws FINWAIT_USAGE for what is no state of RFC 9293: JavaScript has no types to say so. */
function statesIn(states: unknown, matcher: string): readonly TcpState[] {
  const wanted: readonly unknown[] = Array.isArray(states) ? states : [states];
  const known = wanted.filter((one): one is TcpState => tcpStates.some((state) => state === one));
  if (known.length === wanted.length && known.length > 0) return known;
  const wrong = wanted.find((one) => !tcpStates.some((state) => state === one));
  return refuse(`${matcher} takes a TCP state, not ${given(wrong)}; there are ${tcpStates.join(", ")}.`);
}
