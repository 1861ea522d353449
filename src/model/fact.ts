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

/**
 * A segment on the wire, joined from what was captured at both ends. `at` and `host` are the sender's, unless it was only
 * captured where it arrived. `uncertaintyNs` is how far the capture's clock may be from the run's.
 */
export interface SegmentFact extends At {
  readonly kind: "segment";
  /** The endpoints, where the experiment has a name for them. */
  readonly from?: EndpointName;
  readonly to?: EndpointName;
  readonly segment: Segment;
  /** When the receiving host saw it come in; absent when it never did. */
  readonly arrivedAt?: MonoNs;
  /** It came in and was dropped there by this fault, before TCP saw it. */
  readonly lostTo?: string;
  readonly uncertaintyNs: number;
}

/** A change of state as the kernel made it (`sock:inet_sock_set_state`). TIME-WAIT is no socket of its own there: CLOSED is where it begins. */
export interface TransitionFact extends At {
  readonly kind: "transition";
  readonly endpoint: EndpointName;
  readonly from: TcpState;
  readonly to: TcpState;
  readonly uncertaintyNs: number;
}

/** What else the kernel's tracepoints told of an endpoint (`tcp:tcp_retransmit_skb`, `tcp_send_reset`, `tcp_receive_reset`). */
export interface KernelFact extends At {
  readonly kind: "kernel";
  readonly endpoint: EndpointName;
  readonly event: "retransmission" | "reset sent" | "reset received";
  readonly uncertaintyNs: number;
}

/** How an observer fared until `at`: what it lost is evidence that cannot be missed from it. */
export interface ObserverFact extends At {
  readonly kind: "observer";
  readonly observer: "capture" | "tracepoint";
  /** Events or segments lost by the observer itself, of the whole host. */
  readonly lost: number;
  /** How far its clock may be from the run's; `driftNs` is how much its offset moved between start and end. */
  readonly uncertaintyNs: number;
  readonly driftNs: number;
}

/** Everything observed of one case, in one union that survives JSON. */
export type Fact =
  | CallFact
  | EventFact
  | StateFact
  | MeasureFact
  | FaultFact
  | MissedFact
  | NoteFact
  | SegmentFact
  | TransitionFact
  | KernelFact
  | ObserverFact;
