import type { Answer, CallName, Parameters, SocketCall, SocketInspection } from "./calls.ts";

/** Raised when a message changes its meaning; the agent says it in its hello. */
export const protocolVersion = 1;

/** Harness → agent. `process` names a child agent that the call is passed on to. */
export interface Request<C extends CallName = CallName> {
  readonly id: number;
  readonly process?: string;
  readonly call: C;
  readonly with: Parameters<C>;
}

/** Agent → harness: the answer to one request. Stamps are the agent's own monotonic nanoseconds since the epoch it was given. */
export type Reply<C extends CallName = CallName> =
  | { readonly re: number; readonly startedAt: number; readonly at: number; readonly ok: Answer<C> }
  | { readonly re: number; readonly startedAt: number; readonly at: number; readonly error: RemoteError };

export interface RemoteError {
  /** Node's own code (`ECONNREFUSED`, `ERR_SOCKET_CLOSED`), or one of `UNKNOWN_CALL`, `BAD_PARAMETER`, `NO_SUCH_SOCKET`, `NO_SUCH_SERVER`, `NO_SUCH_CHILD`, `NO_SUCH_PROGRAM`, `CHILD_EXITED` (before it answered), `UNSUPPORTED`. */
  readonly code: string;
  readonly message: string;
}

/** Agent → harness, unasked. `process` is there when a child agent said it. */
export type Notice =
  | HelloNotice
  /** A server accepted a connection; `server` is empty where a socket was given to a child. */
  | {
      readonly notice: "connection";
      readonly at: number;
      readonly process?: string;
      readonly server: string;
      readonly socket: string;
      readonly local: Address;
      readonly peer: Address;
    }
  | {
      readonly notice: "socket";
      readonly at: number;
      readonly process?: string;
      readonly socket: string;
      readonly event: SocketEvent;
    }
  | {
      readonly notice: "server";
      readonly at: number;
      readonly process?: string;
      readonly server: string;
      readonly event: "close" | "error" | "drop";
      readonly code?: string;
    }
  | { readonly notice: "blocked"; readonly at: number; readonly process?: string; readonly ms: number }
  /** A line of input that was no request: what was wrong with it. A request with an id gets a reply instead. */
  | { readonly notice: "malformed"; readonly at: number; readonly process?: string; readonly message: string }
  /** What a started program wrote. */
  | {
      readonly notice: "output";
      readonly at: number;
      readonly process?: string;
      readonly program: string;
      readonly stream: "stdout" | "stderr";
      readonly base64: string;
    }
  /** A started program has ended and all its output has been told. */
  | {
      readonly notice: "programExit";
      readonly at: number;
      readonly process?: string;
      readonly program: string;
      readonly exitCode: number | null;
      readonly signal: string | null;
    }
  | {
      readonly notice: "childExit";
      readonly at: number;
      readonly process: string;
      readonly exitCode: number | null;
      readonly signal: string | null;
    };

export interface HelloNotice {
  readonly notice: "hello";
  readonly at: number;
  readonly process?: string;
  readonly protocol: number;
  readonly pid: number;
  readonly runtime: { readonly name: "node" | "bun" | "deno"; readonly version: string };
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** Node's socket events with what they carry. `data` tells counts and a running hash, never content. */
export type SocketEvent =
  | { readonly name: "connect"; readonly local: Address; readonly peer: Address }
  | { readonly name: "data"; readonly bytes: number; readonly total: number }
  /** One write's callback. `total` counts what the socket was asked to write up to and with that write. */
  | { readonly name: "written"; readonly total: number; readonly error?: string }
  | { readonly name: "end"; readonly total: number; readonly sha256: string }
  | { readonly name: "finish" }
  | { readonly name: "drain" }
  | { readonly name: "timeout" }
  | { readonly name: "error"; readonly code: string; readonly message: string }
  /** `sha256` and `total` are of everything received until then. */
  | { readonly name: "close"; readonly hadError: boolean; readonly total: number; readonly sha256: string };

export type FromAgent = Reply | Notice;
export type { Answer, CallName, Parameters, SocketCall, SocketInspection };
