import type { Clock } from "../model/time.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Host } from "./host.ts";
import type { Family, Listener, ListenOptions } from "./listener.ts";
import type { LabObservers } from "./observers/session-observers.ts";
import type { Ports } from "./ports.ts";

/** How a client is opened; the names are Node's. */
export interface DialOptions {
  readonly name?: string;
  readonly host?: string;
  readonly process?: AgentProcess;
  /** Which of a wildcard listener's addresses to connect to. Default 4. */
  readonly family?: Family;
  /** The client's own port, to use a four-tuple again. Default: one that no other client of the lab has. */
  readonly localPort?: number;
  /** Bind to that port before connecting. Default true; false leaves the choice to a kernel that has no other port. */
  readonly bindsPort?: boolean;
  readonly allowHalfOpen?: boolean;
  /** As a server's: pause() before connecting, so that nothing is read ahead. */
  readonly pauseOnConnect?: boolean;
  readonly reading?: "flow" | "none";
}

/** How a client outside of Node is opened. */
export type PeerOptions = Pick<DialOptions, "name" | "host" | "family" | "localPort">;

/** How both ends of a connection are opened. */
export interface ConnectOptions {
  readonly client?: DialOptions;
  /** Options for a new listener, or one that is open already. */
  readonly server?: ListenOptions | Listener;
}

/** Both ends of one connection, and the server that took it. */
export interface Pair {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly listener: Listener;
}

/** What a session shares with the others on the same hosts. */
export interface SessionGround {
  readonly hosts: readonly Host[];
  readonly ports: Ports;
  readonly clock: Clock;
  readonly observers: LabObservers;
}
