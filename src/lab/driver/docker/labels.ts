import { randomUUID } from "node:crypto";
import { formatOwner, thisOwner } from "./owner.ts";

/** What finwait writes on everything it makes in an engine, and finds it by. */
export const labels = {
  /** The lab a container or network belongs to. */
  lab: "dev.finwait.lab",
  /** The harness process, as the watchdog knows it. Kept labs have none. */
  session: "dev.finwait.session",
  /** The harness process, as another one can judge whether it still lives. */
  owner: "dev.finwait.owner",
  /** Left behind on purpose: nothing but a person removes it. */
  keep: "dev.finwait.keep",
  /** On images: the runtime package they were made with. */
  runtime: "dev.finwait.runtime",
} as const;

/** One a harness process. */
export const session: string = randomUUID();

export function labLabels(lab: string, keep: boolean): Record<string, string> {
  return {
    [labels.lab]: lab,
    [labels.owner]: formatOwner(thisOwner()),
    ...(keep ? { [labels.keep]: "true" } : { [labels.session]: session }),
  };
}
