import type { Observation } from "../../judge/observation.ts";
import { rowAt } from "../../judge/states.ts";
import type { EndpointName, StateFact } from "../../model/fact.ts";
import type { Timeline } from "../../timeline/timeline.ts";

/** A client's fate is known: it is past SYN-SENT, or the kernel had to send its SYN again because nobody answered. */
export function isFateKnown({ state, row }: StateFact): boolean {
  return state !== "SYN-SENT" || (row?.timer?.retransmits ?? 0) > 0;
}

/** Whether nobody had answered the client's SYN at the labelled reading, though it was sent again. */
export function isKeptOut(t: Timeline, label: string, endpoint: EndpointName): Observation {
  return rowAt(t, label, endpoint, ({ state, timer }) => state === "SYN-SENT" && (timer?.retransmits ?? 0) > 0);
}
