import type { SocketAddress } from "../../model/socket.ts";
import type { Host } from "../host.ts";
import type { EndpointIdentity } from "../identity.ts";
import type { Story } from "../story.ts";
import { callPeer } from "./calls.ts";
import { PeerConversation } from "./conversation.ts";
import { PeerListener, type PeerListenOptions } from "./listener.ts";
import { Peer } from "./peer.ts";

/** What a session gives its peers: its hosts' story, a prefix under which they end, and a place among its endpoints. */
export interface PeerGround {
  readonly host: Host;
  readonly story: Story;
  readonly prefix: string;
  readonly name: string;
  readonly adopt: (endpoint: EndpointIdentity) => void;
}

const bindWithinMs = 10_000;
const handle = "client";

/** A client's socket, bound to its port and not yet connecting. @throws FINWAIT_CAPABILITY_MISSING without perl. */
export async function openPeer(ground: PeerGround, peer: SocketAddress, port: number): Promise<Peer> {
  const { host, story, prefix, name, adopt } = ground;
  const local = { address: host.addresses[peer.address.includes(":") ? "v6" : "v4"], port };
  const conversation = await PeerConversation.start(host, story, prefix);
  const client = new Peer({ name, local, peer }, conversation, handle);
  adopt(client);
  const prepare = (verb: string, words: readonly (string | number)[], shown: string) =>
    callPeer(conversation, client, { verb, words: [handle, ...words], shown, withinMs: bindWithinMs });
  await prepare("socket", [local.address], "socket()");
  await prepare("option", ["SO_REUSEADDR", 1], "setsockopt(SO_REUSEADDR, 1)");
  await prepare("bind", [local.address, local.port], "bind()");
  return client;
}

/** A listening socket. @throws FINWAIT_CAPABILITY_MISSING without perl, FINWAIT_CALL_FAILED when bind() or listen() do. */
export async function openPeerListener(
  ground: PeerGround,
  options: PeerListenOptions,
  port: number,
): Promise<PeerListener> {
  const { host, story, prefix, name, adopt } = ground;
  const { bind = "v4" } = options;
  const local = { address: bind === "v4" || bind === "v6" ? host.addresses[bind] : bind, port };
  const conversation = await PeerConversation.start(host, story, prefix);
  const listener = new PeerListener({ name, local }, conversation, adopt);
  adopt(listener);
  await listener.open(options);
  return listener;
}
