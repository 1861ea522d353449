import type { Clock } from "../model/time.ts";
import type { FromAgent, HelloNotice } from "../protocol/messages.ts";
import type { Question } from "./agent.ts";
import { ownId } from "./channel.ts";

const rounds = 5;

/**
 * By how many nanoseconds a child's stamps are ahead of its parent's, as Cristian compares clocks. Node reads the
 * machine's monotonic clock in every process; the hrtime of Bun and Deno begins with the process.
 */
export async function compareClocks(
  clock: Clock,
  child: HelloNotice,
  ask: (question: Question) => void,
): Promise<number> {
  if (child.runtime.name === "node") return 0;
  let best = { aheadNs: 0, roundTripNs: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    const sent = clock.now();
    const at = await ping(ask);
    const received = clock.now();
    const roundTripNs = received - sent;
    if (roundTripNs < best.roundTripNs) best = { aheadNs: at - (sent + received) / 2, roundTripNs };
  }
  return Math.round(best.aheadNs);
}

function ping(ask: (question: Question) => void): Promise<number> {
  const id = ownId();
  return new Promise((resolve) => {
    const settle = ({ at }: { readonly at: number }) => resolve(at);
    ask({ id, call: "ping", message: { kind: "request", request: { id, call: "ping", with: {} } }, settle });
  });
}

/** The same message with all of its stamps moved back. */
export function earlier<M extends FromAgent>(message: M, ns: number): M {
  if (ns === 0) return message;
  const moved = { ...message, at: message.at - ns };
  if (!("re" in moved)) return moved;
  const startedAt = moved.startedAt - ns;
  if (!("ok" in moved) || !("endedAt" in moved.ok)) return { ...moved, startedAt };
  const { ok } = moved;
  return { ...moved, startedAt, ok: { ...ok, startedAt: ok.startedAt - ns, endedAt: ok.endedAt - ns } };
}
