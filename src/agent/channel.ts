import type { Reading } from "../protocol/calls.ts";
import type { FromAgent, Request } from "../protocol/messages.ts";

/** What travels from the host's agent to a child agent over Node's IPC channel. */
export type ToChild =
  | { readonly kind: "request"; readonly request: Request }
  /** Comes with the socket's handle. Answered under `request`. */
  | {
      readonly kind: "adopt";
      readonly request: number;
      readonly socket: string;
      readonly reading: Reading;
      readonly allowHalfOpen: boolean;
      readonly offset: number;
    };

/** What travels back: everything said within one turn of the child's event loop. */
export type FromChild = readonly FromAgent[];

let lastOwnId = 0;

/** Requests of the harness count upwards from 1; the agent's own to its children are told from them by their sign. */
export function ownId(): number {
  lastOwnId -= 1;
  return lastOwnId;
}
