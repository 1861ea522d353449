import { defined } from "../model/defined.ts";
import type { SocketAddress } from "../model/socket.ts";
import { Endpoint } from "./endpoint.ts";
import type { EndpointIdentity } from "./identity.ts";
import { type Family, Listener, type ListenOptions } from "./listener.ts";
import type { Members } from "./members.ts";
import type { SessionObservers } from "./observers/session-observers.ts";
import type { Ports } from "./ports.ts";
import type { DialOptions } from "./session-options.ts";
import type { Story } from "./story.ts";

/** What a session gives the sockets that are opened in it. */
export interface SocketGround {
  /** Begins the name of everything that the agents hold for it. */
  readonly prefix: string;
  readonly ports: Ports;
  readonly story: Story;
  readonly members: Members;
  readonly observers: SessionObservers;
}

/** A socket that others can connect to: a client's own handle of the server's end comes from it. */
interface Server {
  readonly local: SocketAddress;
  endOf(client: EndpointIdentity): EndpointIdentity;
}

/** Where a client can connect to. An address need not have a listener. */
export type Target = Server | SocketAddress;

/** A server on a port of its own. */
export async function openListener(ground: SocketGround, options: ListenOptions): Promise<Listener> {
  const { prefix, ports, story, members, observers } = ground;
  const host = options.process?.host ?? members.host(options.host, "last");
  const { name = members.nameFor("listener"), process, bind = "v4" } = options;
  const port = options.port ?? ports.next(options.quiet ? "quiet" : "server");
  const address = bind === "v4" || bind === "v6" ? host.addresses[bind] : bind;
  const id = `${prefix}${name}`;
  const identity = { name, host, process, id, local: { address, port }, peer: { address: "*", port: 0 } };
  const listener = new Listener(identity, story);
  members.addListener(listener);
  observers.claim(port);
  const { http, quiet, endsFirst, backlog, allowHalfOpen, pauseOnConnect, reading } = options;
  const where = { server: id, address, port, ...defined({ quiet }) };
  const plain = defined({ endsFirst, backlog, allowHalfOpen, pauseOnConnect, reading });
  await (http === undefined
    ? host.link.request("listen", { ...where, ...plain }, { process: process?.id })
    : host.link.request("listenHttp", { ...where, ...http }, { process: process?.id }));
  return listener;
}

/** A client that has called connect(): its SYN may still be unanswered. */
export async function openClient(ground: SocketGround, target: Target, options: DialOptions): Promise<Endpoint> {
  const { prefix, ports, story, members, observers } = ground;
  const { name = members.nameFor("client"), process } = options;
  const host = process?.host ?? members.host(options.host, "first");
  const peer = addressOf(target, options.family);
  const family = peer.address.includes(":") ? "v6" : "v4";
  const local = { address: host.addresses[family], port: options.localPort ?? ports.next("client") };
  observers.claim(local.port);
  const socket = `${prefix}${name}`;
  const client = new Endpoint({ name, host, process, local, peer }, story, socket);
  story.adopt(client, socket);
  members.add(client);
  expectAt(target, client, members);
  const { allowHalfOpen, pauseOnConnect, reading } = options;
  const { startedAt } = await host.link.request(
    "connect",
    {
      socket,
      address: peer.address,
      port: peer.port,
      ...(options.bindsPort === false ? {} : { localPort: local.port }),
      ...defined({ allowHalfOpen, pauseOnConnect, reading }),
    },
    { process: process?.id },
  );
  story.call(client, "connect()", startedAt);
  return client;
}

/** The server's end is known from when its client is, so that none of its events is missed. */
export function expectAt(target: Target, client: EndpointIdentity, members: Members): void {
  if ("endOf" in target) members.add(target.endOf(client));
}

export function addressOf(target: Target, family: Family | undefined): SocketAddress {
  if (target instanceof Listener) return target.addressFor(family);
  return "local" in target ? target.local : target;
}
