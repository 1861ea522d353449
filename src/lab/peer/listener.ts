import { FinwaitError } from "../../model/errors.ts";
import { addressText } from "../../model/socket.ts";
import { defaultWithinMs, type Within } from "../deadline.ts";
import type { EndpointIdentity } from "../identity.ts";
import { KernelSocket } from "../kernel-socket.ts";
import { callPeer, tellEvent } from "./calls.ts";
import type { PeerConversation } from "./conversation.ts";
import { Peer } from "./peer.ts";

/** How a listening socket outside of Node is opened. */
export interface PeerListenOptions {
  readonly name?: string;
  readonly host?: string;
  /** Address to bind: a host's own (default, IPv4), its IPv6, its loopback's, or all of IPv4. */
  readonly bind?: "v4" | "v6" | "127.0.0.1" | "0.0.0.0";
  /** Its port, to bind one that was another's. Default: one that no other server of the lab has. */
  readonly port?: number;
  readonly backlog?: number;
  /** SO_REUSEADDR, which Node always sets. Default true. */
  readonly reuseAddress?: boolean;
}

const handle = "listener";

/** A listening socket outside of Node, in a perl of its own. */
export class PeerListener extends KernelSocket {
  readonly #conversation: PeerConversation;
  readonly #adopt: (endpoint: EndpointIdentity) => void;
  readonly #ends = new Map<number, Peer>();

  constructor(
    { name, local }: Pick<EndpointIdentity, "name" | "local">,
    conversation: PeerConversation,
    adopt: (endpoint: EndpointIdentity) => void,
  ) {
    const { host, story } = conversation;
    super({ name, host, process: undefined, local, peer: { address: "*", port: 0 } }, story);
    this.#conversation = conversation;
    this.#adopt = adopt;
  }

  /** Called by the session: socket, bind and listen. @throws FINWAIT_CALL_FAILED: EADDRINUSE. */
  async open({ reuseAddress = true, backlog = 128 }: PeerListenOptions): Promise<void> {
    const { address, port } = this.local;
    await this.#call("socket", [address], "socket()");
    if (reuseAddress) await this.#call("option", ["SO_REUSEADDR", 1], "setsockopt(SO_REUSEADDR, 1)");
    await this.#call("bind", [address, port], "bind()");
    await this.#call("listen", [backlog], "listen()");
  }

  /** The server's end of a client's connection, known before it is accepted. */
  endOf(client: EndpointIdentity): Peer {
    const known = this.#ends.get(client.local.port);
    if (known !== undefined) return known;
    const identity = { name: client.name.replace("client", "server"), local: client.peer, peer: client.local };
    const end = new Peer(identity, this.#conversation, `from-${client.local.port}`);
    this.#ends.set(client.local.port, end);
    this.#adopt(end);
    return end;
  }

  /** accept(2): takes the next connection, which must be this client's. */
  async accept(client: EndpointIdentity, { within = defaultWithinMs }: Within = {}): Promise<Peer> {
    const end = this.endOf(client);
    const { words, at } = await this.#call("accept", [`from-${client.local.port}`], "accept()", within);
    const [address, port] = words;
    if (Number(port) !== client.local.port) {
      const wanted = `${client.name} (${addressText(client.local)})`;
      throw new FinwaitError("FINWAIT_LAB_FAILED", `${this.name} accepted ${address} port ${port}, not ${wanted}.`);
    }
    tellEvent(this.#conversation, end, "accept", at, {});
    return end;
  }

  async close(): Promise<void> {
    await this.#call("close", [], "close()");
  }

  #call(verb: string, words: readonly (string | number)[], shown: string, withinMs = defaultWithinMs) {
    return callPeer(this.#conversation, this, { verb, words: [handle, ...words], shown, withinMs });
  }
}
