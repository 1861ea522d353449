import { subscribe } from "node:diagnostics_channel";
import type { CallSite } from "../model/leak.ts";
import { listenerKey } from "./key.ts";
import { type Captured, captureStack, siteIn } from "./stack.ts";

/** What is asked of a `net.Server`. */
interface Server {
  address(): unknown;
}

/** At how many addresses a program's servers are remembered, those that closed included: the latest. */
const most = 1_000;

/**
 * Where the program began to listen. What a server accepts has the port that it listens at, so nothing is done when a
 * connection is accepted: that costs nothing, however many there are. Node 18 does not tell, and has no such sites.
 */
export class Listeners {
  readonly #sites = new Map<string, CallSite>();
  #changed = false;

  constructor(folder: string) {
    const calls = new WeakMap<Server, Captured>();
    // When the program calls listen(): the address may be known only later, when its name has been looked up.
    const called = quietly((server) => calls.set(server, captureStack(called)));
    subscribe("tracing:net.server.listen:asyncStart", called);
    subscribe(
      "tracing:net.server.listen:asyncEnd",
      quietly((server) => this.#add(server.address(), calls.get(server), folder)),
    );
  }

  /** Whether anything was added since this was last asked. */
  sweep(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  known(): Iterable<readonly [string, CallSite]> {
    return this.#sites;
  }

  #add(address: unknown, call: Captured | undefined, folder: string): void {
    const key = keyOf(address);
    const place = call && siteIn(call, folder);
    if (!key || !place) return;
    // Behind all others: the latest to listen at an address, and the last to be forgotten.
    this.#sites.delete(key);
    this.#sites.set(key, { how: "accept", ...place });
    const [oldest] = this.#sites.keys();
    if (this.#sites.size > most && oldest !== undefined) this.#sites.delete(oldest);
    this.#changed = true;
  }
}

/** What a subscriber throws would end the program. */
function quietly(action: (server: Server) => unknown): (message: unknown) => void {
  return (message) => {
    try {
      if (typeof message === "object" && message !== null && "server" in message) action(message.server as Server);
    } catch {
      // No site, then.
    }
  };
}

/** Of a server on a Unix socket, the address is a path, and there is none. */
function keyOf(address: unknown): string | undefined {
  if (typeof address !== "object" || address === null || !("address" in address) || !("port" in address)) return;
  const { address: text, port } = address;
  return typeof text === "string" && typeof port === "number" ? listenerKey({ address: text, port }) : undefined;
}
