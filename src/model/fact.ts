import type { Segment } from "./segment.ts";
import type { SocketRow } from "./socket.ts";
import type { TcpState } from "./state.ts";
import type { MonoNs } from "./time.ts";

/** An endpoint's name inside one experiment: "client", "server", "client-2". */
export type EndpointName = string;

interface At {
  readonly at: MonoNs;
  readonly host: string;
}

/** What the harness asked of a socket. `error` is set when the call threw in the runtime. */
export interface CallFact extends At {
  readonly kind: "call";
  readonly endpoint: EndpointName;
  readonly call: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What the runtime reported of a socket: Node's own event names. */
export interface EventFact extends At {
  readonly kind: "event";
  readonly endpoint: EndpointName;
  readonly event: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/**
 * What the kernel said of an endpoint through ss. CLOSED means that ss listed no such socket; then `row` is absent.
 * `label` names a reading the experiment asked for; `uncertaintyNs` is half the time ss took.
 */
export interface StateFact extends At {
  readonly kind: "state";
  readonly endpoint: EndpointName;
  readonly state: TcpState;
  readonly row?: SocketRow;
  readonly label?: string;
  readonly uncertaintyNs: number;
}

/** A number read from the machine at a named moment: a sysctl, a kernel counter, open descriptors. */
export interface MeasureFact extends At {
  readonly kind: "measure";
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly unit: string;
}

/** A fault's life. `caught` counts the segments it dropped so far. */
export interface FaultFact extends At {
  readonly kind: "fault";
  readonly phase: "applied" | "lifted";
  readonly fault: string;
  readonly intent: string;
  readonly caught: number;
}

/** A deadline that passed: what was waited for and what was seen last. The experiment ended there. */
export interface MissedFact extends At {
  readonly kind: "missed";
  readonly waitedFor: string;
  readonly lastSeen: string;
  readonly withinMs: number;
}

/** A remark that marks a moment in the story: "the server's event loop is blocked". */
export interface NoteFact extends At {
  readonly kind: "note";
  readonly text: string;
}

/** A segment as captured on a host. No observer records these yet. */
export interface SegmentFact extends At {
  readonly kind: "segment";
  readonly segment: Segment;
}

/** Everything observed of one case, in one union that survives JSON. */
export type Fact = CallFact | EventFact | StateFact | MeasureFact | FaultFact | MissedFact | NoteFact | SegmentFact;
