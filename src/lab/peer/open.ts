import type { Host } from "../host.ts";
import type { EndpointIdentity } from "../identity.ts";
import { addressOf, expectAt, type SocketGround, type Target } from "../open.ts";
import type { PeerOptions } from "../session-options.ts";
import { callPeer } from "./calls.ts";
import { PeerConversation } from "./conversation.ts";
import { PeerListener, type PeerListenOptions } from "./listener.ts";
import { Peer } from "./peer.ts";

const bindWithinMs = 10_000;
const handle = "client";

/** A client's socket, bound to its port and not yet connecting. @throws FINWAIT_CAPABILITY_MISSING without perl. */
export async function openPeer(ground: SocketGround, target: Target, options: PeerOptions): Promise<Peer> {
  const { ports, members } = ground;
  const peer = addressOf(target, options.family);
  const port = options.localPort ?? ports.next("client");
  const { name = members.nameFor("client") } = options;
  const host = members.host(options.host, "first");
  const local = { address: host.addresses[peer.address.includes(":") ? "v6" : "v4"], port };
  const conversation = await converse(ground, host);
  const client = new Peer({ name, local, peer }, conversation, handle);
  adopt(ground, client);
  const prepare = (verb: string, words: readonly (string | number)[], shown: string) =>
    callPeer(conversation, client, { verb, words: [handle, ...words], shown, withinMs: bindWithinMs });
  await prepare("socket", [local.address], "socket()");
  await prepare("option", ["SO_REUSEADDR", 1], "setsockopt(SO_REUSEADDR, 1)");
  await prepare("bind", [local.address, local.port], "bind()");
  expectAt(target, client, members);
  return client;
}

/** A listening socket. @throws FINWAIT_CAPABILITY_MISSING without perl, FINWAIT_CALL_FAILED when bind() or listen() do. */
export async function openPeerListener(ground: SocketGround, options: PeerListenOptions): Promise<PeerListener> {
  const { ports, members } = ground;
  const { name = members.nameFor("listener"), bind = "v4" } = options;
  const host = members.host(options.host, "last");
  const port = options.port ?? ports.next("server");
  const local = { address: bind === "v4" || bind === "v6" ? host.addresses[bind] : bind, port };
  const conversation = await converse(ground, host);
  const listener = new PeerListener({ name, local }, conversation, (end) => adopt(ground, end));
  adopt(ground, listener);
  await listener.open(options);
  return listener;
}

async function converse({ story, prefix }: SocketGround, host: Host): Promise<PeerConversation> {
  return await PeerConversation.start(host, story, prefix);
}

function adopt({ observers, members }: SocketGround, endpoint: EndpointIdentity): void {
  observers.claim(endpoint.local.port);
  members.add(endpoint);
}
