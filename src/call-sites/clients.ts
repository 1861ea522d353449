import { subscribe } from "node:diagnostics_channel";
import type { CallSite } from "../model/leak.ts";
import { socketKey } from "./key.ts";
import { type Captured, captureStack, siteIn } from "./stack.ts";

/** What is asked of a `net.Socket`. */
interface Socket {
  readonly destroyed: boolean;
  readonly connecting: boolean;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

interface Tracked {
  /** Weak, so that a closed socket is not kept until it is next looked at. Node itself keeps one that is open. */
  readonly socket: WeakRef<Socket>;
  readonly sinceMs: number;
  captured: Captured | undefined;
  known: { readonly key: string; readonly port: number; readonly site: CallSite } | undefined;
}

/** A program that makes functions as it runs has sites without end. */
const mostSites = 1_000;

export interface ClientLimits {
  /** So many sockets are followed at most. While they are open later ones are not recorded: what leaks is old. */
  readonly sockets: number;
  /**
   * So many stacks are taken between two sweeps in the long run, and `sockets` at once: a stack costs some 10 µs, which
   * a proxy that opens thousands of connections a second would feel.
   */
  readonly stacks: number;
  /** A socket younger than this is not put into words: most are gone by then. */
  readonly youngMs: number;
  readonly folder: string;
  readonly nowMs: () => number;
  /** The processor time that the process has taken: on a busy machine, a clock would say that little work took long. */
  readonly spentMs: () => number;
}

/** The sockets that the program opened itself and has not closed. */
export class Clients {
  readonly #limits: ClientLimits;
  readonly #tracked = new Set<Tracked>();
  /** Every site once: many sockets come from few. */
  readonly #sites = new Map<string, CallSite>();
  #stacksLeft: number;

  constructor(limits: ClientLimits) {
    this.#limits = limits;
    this.#stacksLeft = limits.sockets;
    const opened = (message: unknown): void => {
      try {
        if (this.#tracked.size >= limits.sockets || this.#stacksLeft <= 0) return;
        this.#stacksLeft--;
        this.#track(socketOf(message), captureStack(opened));
      } catch {
        // No site, then: what is thrown here would end the program.
      }
    };
    // Node 22 and later publish whatever connects; before, only what net.connect makes, which tls.connect is not.
    subscribe("net.client.socket", opened);
  }

  /**
   * Forgets closed sockets and puts into words where the others came from, for at most `budgetMs`: what is left over
   * has its turn next time. Says whether anything changed.
   */
  sweep(budgetMs: number, youngMs = this.#limits.youngMs): boolean {
    const { nowMs, spentMs } = this.#limits;
    const oldMs = nowMs() - youngMs;
    const enoughMs = spentMs() + budgetMs;
    this.#stacksLeft = Math.min(this.#limits.sockets, this.#stacksLeft + this.#limits.stacks);
    let changed = false;
    for (const one of this.#tracked) {
      const socket = one.socket.deref();
      if (!socket || isOver(socket, one)) {
        this.#tracked.delete(one);
        changed ||= one.known !== undefined;
      } else if (!one.known && one.sinceMs <= oldMs && !socket.connecting) {
        if (spentMs() > enoughMs) continue;
        this.#settle(one, socket);
        changed ||= one.known !== undefined;
      }
    }
    return changed;
  }

  /** Oldest first: of two with one address pair, the later is the one that is open. */
  *known(): Iterable<readonly [string, CallSite]> {
    for (const { known } of this.#tracked) if (known) yield [known.key, known.site];
  }

  #track(socket: Socket | undefined, captured: Captured): void {
    if (!socket) return;
    const sinceMs = this.#limits.nowMs();
    this.#tracked.add({ socket: new WeakRef(socket), sinceMs, captured, known: undefined });
  }

  /** A socket that is no TCP socket, or came out of Node alone, is forgotten. */
  #settle(one: Tracked, socket: Socket): void {
    const place = one.captured && siteIn(one.captured, this.#limits.folder);
    one.captured = undefined;
    const local = addressOf(socket.localAddress, socket.localPort);
    const peer = addressOf(socket.remoteAddress, socket.remotePort);
    if (place && local && peer) {
      one.known = { key: socketKey(local, peer), port: local.port, site: this.#once({ how: "connect", ...place }) };
    } else {
      this.#tracked.delete(one);
    }
  }

  #once(site: CallSite): CallSite {
    const words = site.stack.join("\n");
    const same = this.#sites.get(words);
    if (same) return same;
    if (this.#sites.size >= mostSites) this.#sites.clear();
    this.#sites.set(words, site);
    return site;
  }
}

/** Closed, or connected anew, which was recorded as another. */
function isOver(socket: Socket, { known }: Tracked): boolean {
  return socket.destroyed || (known !== undefined && socket.localPort !== known.port);
}

function addressOf(address: string | undefined, port: number | undefined) {
  return address === undefined || port === undefined ? undefined : { address, port };
}

function socketOf(message: unknown): Socket | undefined {
  return typeof message === "object" && message !== null && "socket" in message
    ? (message.socket as Socket)
    : undefined;
}
