import type { FromAgent, Notice } from "../protocol/messages.ts";

/** Writes messages to whoever runs this agent; `done` is called once they have left the process. */
export type Deliver = (messages: readonly FromAgent[], done: () => void) => void;

/** Gathers what is said within one turn of the event loop, so that it leaves in one write. */
export interface Outbox {
  send(message: FromAgent): void;
  /** Sends what is there now. Resolves when it has left the process. */
  flush(): Promise<void>;
}

export function openOutbox(deliver: Deliver): Outbox {
  let waiting: FromAgent[] = [];
  let scheduled = false;

  function leave(done: () => void): void {
    const messages = waiting;
    waiting = [];
    scheduled = false;
    if (messages.length > 0) deliver(messages, done);
    else done();
  }

  function send(message: FromAgent): void {
    const merged = mergedData(waiting.at(-1), message);
    if (merged === undefined) waiting.push(message);
    else waiting[waiting.length - 1] = merged;
    if (scheduled) return;
    scheduled = true;
    setImmediate(leave, () => {});
  }

  return { send, flush: () => new Promise(leave) };
}

/** A socket that receives chunk after chunk in one turn reports them as one; anything said in between keeps them apart. */
function mergedData(last: FromAgent | undefined, next: FromAgent): Notice | undefined {
  if (last === undefined || !("event" in last) || !("event" in next)) return undefined;
  if (last.notice !== "socket" || next.notice !== "socket") return undefined;
  if (last.socket !== next.socket || last.process !== next.process) return undefined;
  if (last.event.name !== "data" || next.event.name !== "data") return undefined;
  return { ...next, event: { ...next.event, bytes: last.event.bytes + next.event.bytes } };
}
