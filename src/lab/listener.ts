import type { StateFact } from "../model/fact.ts";
import type { SocketAddress } from "../model/socket.ts";
import { monoNs } from "../model/time.ts";
import type { Notice } from "../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Within } from "./deadline.ts";
import { Endpoint } from "./endpoint.ts";
import type { HttpServerOptions } from "./http-server.ts";
import type { EndpointIdentity } from "./identity.ts";
import { KernelSocket } from "./kernel-socket.ts";
import type { Story } from "./story.ts";

/** The version of IP that a client connects with. */
export type Family = 4 | 6;

/** How a server is opened; the names are Node's. */
export interface ListenOptions {
  readonly name?: string;
  readonly host?: string;
  readonly process?: AgentProcess;
  /** Address to bind: a host's own (default, IPv4), its IPv6, or the wildcard `::`. */
  readonly bind?: "v4" | "v6" | "::" | "0.0.0.0";
  readonly backlog?: number;
  readonly allowHalfOpen?: boolean;
  readonly pauseOnConnect?: boolean;
  /** `none` attaches no 'data' listener to accepted sockets. Default `flow`: data is counted and hashed. */
  readonly reading?: "flow" | "none";
  /** Its port, to start a server again where one was. Default: one that no other server of the lab has. */
  readonly port?: number;
  /** Nothing is recorded of single connections: for hundreds of them, which are counted instead. */
  readonly quiet?: boolean;
  /** The server ends every connection as soon as it has accepted it. */
  readonly endsFirst?: boolean;
  /** A server of Node's http module with these settings; what belongs to plain servers does not hold for it. */
  readonly http?: HttpServerOptions;
}

interface ListenerIdentity extends EndpointIdentity {
  /** The name by which the agent knows the server. */
  readonly id: string;
}

/**
 * A listening socket, and the endpoints of the connections made to it. In the kernel's table its Recv-Q counts connections
 * waiting to be accepted, its Send-Q is the limit.
 */
export class Listener extends KernelSocket {
  readonly id: string;
  readonly #byPeerPort = new Map<number, Endpoint>();
  readonly #clients = new Map<number, string>();
  #accepted = 0;

  constructor(identity: ListenerIdentity, story: Story) {
    super(identity, story);
    this.id = identity.id;
  }

  /** Where a client connects to; a listener of all addresses is met at its host's own, by default the IPv4 one. */
  addressFor(family: Family | undefined): SocketAddress {
    const { address, port } = this.local;
    if (address !== "::" && address !== "0.0.0.0") return { address, port };
    return { address: this.host.addresses[family === 6 ? "v6" : "v4"], port };
  }

  /** The server's end of a client's connection; it may not have been accepted yet. */
  endOf(client: EndpointIdentity): Endpoint {
    // A client that has the port of an earlier one begins another connection.
    if ((this.#clients.get(client.local.port) ?? client.name) !== client.name) {
      this.#byPeerPort.delete(client.local.port);
    }
    this.#clients.set(client.local.port, client.name);
    return this.#endFor(client.local, client.peer, serverName(client.name));
  }

  /** Called by the session when the agent announces an accepted connection. */
  announce(socket: string, local: SocketAddress, peer: SocketAddress): void {
    this.#accepted += 1;
    const endpoint = this.#endFor(peer, local, `${this.name}/${this.#accepted}`);
    this.story.adopt(endpoint, socket);
    endpoint.attach(socket);
  }

  /** Called by the session for what the runtime says of the server itself: 'error' with its code, 'drop', 'close'. */
  told({ at, event, code }: Extract<Notice, { readonly notice: "server" }>): void {
    this.story.facts.push({
      kind: "event",
      at: monoNs(at),
      host: this.host.name,
      endpoint: this.name,
      event,
      detail: code === undefined ? {} : { code },
    });
  }

  /** Records under `label` how many connections the process is known to have accepted. */
  countAccepted(label: string): number {
    const value = this.#accepted;
    this.story.measure(this.host.name, { name: "accepted connections", label, value, unit: "connections" });
    return value;
  }

  /** Connections that the process has accepted so far. */
  get acceptedCount(): number {
    return this.#accepted;
  }

  /** Resolves once exactly `count` connections wait to be accepted. @throws FINWAIT_DEADLINE_MISSED */
  async queues(count: number, within: Within = {}): Promise<StateFact> {
    return await this.shows(`${count} connections in its accept queue`, ({ row }) => row?.recvQ === count, within);
  }

  /** `server.close()`: no more connections; open ones stay. */
  async close(): Promise<void> {
    await this.host.link.request("closeServer", { server: this.id }, { process: this.process?.id });
    this.story.call(this, "server.close()");
  }

  #endFor(client: SocketAddress, server: SocketAddress, name: string): Endpoint {
    const known = this.#byPeerPort.get(client.port);
    if (known !== undefined) return known;
    const identity = { name, host: this.host, process: this.process, local: server, peer: client };
    const endpoint = new Endpoint(identity, this.story);
    this.#byPeerPort.set(client.port, endpoint);
    return endpoint;
  }
}

/** "client-2" talks to "server-2". */
function serverName(client: string): string {
  return client.startsWith("client") ? client.replace("client", "server") : `${client}'s server`;
}
