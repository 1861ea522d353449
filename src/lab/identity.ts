import type { SocketAddress } from "../model/socket.ts";
import type { Host } from "./host.ts";

/** A child process of a host's agent, by the name under which the agent knows it. */
export interface ProcessIdentity {
  readonly id: string;
}

/** Who an endpoint is: where it lives and its four-tuple, known before the kernel has a socket for it. */
export interface EndpointIdentity {
  readonly name: string;
  readonly host: Host;
  /** Absent for the host's own agent. */
  readonly process: ProcessIdentity | undefined;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
}
