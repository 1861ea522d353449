import type { StateFact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import { checkedMs, DeadlineMissed, pause, poll } from "./deadline.ts";
import type { EndpointIdentity } from "./identity.ts";
import type { Story } from "./story.ts";

const longestPauseMs = 50;

/** A wait for something that ss shows of a socket: what it is in words, how it is recognized, how long it may take. */
export interface KernelWait {
  readonly waitingFor: string;
  readonly isShown: (seen: StateFact) => boolean;
  readonly withinMs: number;
}

/** Reads a socket's state until it shows what is waited for. @throws FINWAIT_DEADLINE_MISSED with ss's last line. */
export async function untilShown(
  story: Story,
  socket: EndpointIdentity,
  { waitingFor, isShown, withinMs }: KernelWait,
): Promise<StateFact> {
  const look = async () => {
    const fact = await story.look(socket, undefined, "when due");
    return { seen: seenIn(fact), ...(isShown(fact) ? { done: fact } : {}) };
  };
  return await story.noteMiss(poll({ waitingFor, withinMs, look }));
}

/** Reads a socket's state for `durationMs`. @throws FINWAIT_DEADLINE_MISSED as soon as it shows another one. */
export async function whileStaying(
  story: Story,
  socket: EndpointIdentity,
  state: TcpState,
  durationMs: number,
): Promise<StateFact> {
  const end = performance.now() + checkedMs(durationMs, "for");
  for (;;) {
    const last = performance.now() >= end;
    const fact = await story.look(socket, undefined, "when due");
    if (fact.state !== state) {
      const missed = new DeadlineMissed(`${socket.name} to stay in ${state}`, seenIn(fact), durationMs);
      return await story.noteMiss(Promise.reject(missed));
    }
    if (last) return fact;
    await pause(Math.min(longestPauseMs, Math.max(0, end - performance.now())));
  }
}

function seenIn(fact: StateFact): string {
  return fact.row?.line ?? fact.state;
}
