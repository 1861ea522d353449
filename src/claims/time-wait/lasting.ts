import { allOf, type Observation } from "../../judge/observation.ts";
import { inState, timerAt } from "../../judge/states.ts";
import { elapsedBetween } from "../../judge/times.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import { callsOf, readingsOf } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { timeWaitMs } from "../shared/time-wait.ts";

/**
 * What a case that waits for TIME-WAIT's end takes. The kernel's timer wheel ends such a timer up to one step late: 2 s
 * where its HZ is 250, 4 s where it is 1000, 5 s where it is 100.
 */
export const timeWaitTimerMs = 62_000;

/** Never early; half a second for what reading a state may be off by. */
const leastMs = timeWaitMs - 500;
/** An eighth more, which is the longest step there can be, and the time that ss may take on a busy machine. */
const mostMs = timeWaitMs * 1.125 + 5_000;

export const lasting = { begins: "TIME-WAIT begins", late: "after 55 s", over: "TIME-WAIT is over" } as const;

/** Leaves a TIME-WAIT alone and then watches it to its end. */
export async function outlast(lab: Session, waiting: Endpoint): Promise<void> {
  await lab.reading(lasting.begins);
  await lab.elapse(55_000, "TIME-WAIT is to last longer");
  await lab.reading(lasting.late);
  await orLate(waiting.reaches("CLOSED", { within: 25_000 }));
  await lab.reading(lasting.over);
}

/** Whether TIME-WAIT lasted a minute, counted from the call that sent the last FIN to the first reading without it. */
export function lastedAMinute(t: Timeline, waiting: Side): Observation {
  const [closed] = callsOf(t, otherSide(waiting), "end()");
  const readings = readingsOf(t, waiting);
  const begun = readings.findIndex(({ state }) => state === "TIME-WAIT");
  const gone = begun < 0 ? undefined : readings.slice(begun).find(({ state }) => state !== "TIME-WAIT");
  const isAMinute = (elapsedMs: number) => elapsedMs >= leastMs && elapsedMs <= mostMs;
  return allOf(inState(t, lasting.over, waiting, "CLOSED"), elapsedBetween(closed, gone, isAMinute));
}

/** Whether the timer of a TIME-WAIT has its whole minute before it. Read at once; a busy machine may take seconds to. */
export function isFresh(t: Timeline, label: string, waiting: Side): Observation {
  return timerAt(
    t,
    label,
    waiting,
    (timer) => timer?.name === "timewait" && timer.remainingMs > 50_000 && timer.remainingMs <= timeWaitMs,
  );
}
