import type { Host } from "../../lab/host.ts";
import type { Lab } from "../../lab/lab.ts";
import type { SocketAddress, SocketRow } from "../../model/socket.ts";
import type { Language } from "./language.ts";
import { Peer } from "./peer.ts";

/** Below the kernel's own choice, where the subject's connections begin. The lab is the subject's alone. */
const firstPort = 10_000;
const connectWithinMs = 2_000;

/** How a peer is opened. */
export interface Opening {
  readonly language: Language;
  /** What it is one of: a manner's name, with the language where several are spoken. */
  readonly manner: string;
  readonly reads?: boolean;
}

/** All peers that were ever opened towards the subject, known by their ports, which no two of them share. */
export class Crew {
  readonly target: SocketAddress;
  readonly host: Host;
  readonly #lab: Lab;
  readonly #family: 4 | 6;
  readonly #manners = new Map<number, string>();
  readonly #peers = new Map<number, Peer>();
  #nextPort = firstPort;

  constructor(lab: Lab, host: Host, target: SocketAddress) {
    this.#lab = lab;
    this.host = host;
    this.target = target;
    this.#family = target.address.includes(":") ? 6 : 4;
  }

  /** Opens that many at once; gives those that came to be. */
  async open(count: number, { language, manner, reads = true }: Opening): Promise<readonly Peer[]> {
    const begun = await Promise.all(
      Array.from({ length: count }, async () => {
        const localPort = this.reserve(manner);
        const endpoint = await this.#lab.attempt(this.target, {
          host: this.host.name,
          name: `peer-${localPort}`,
          localPort,
          family: this.#family,
          allowHalfOpen: true,
          ...(reads ? {} : { reading: "none", pauseOnConnect: true }),
        });
        const peer = new Peer(endpoint, language);
        this.#peers.set(localPort, peer);
        return { peer, isOpen: await peer.opened(connectWithinMs) };
      }),
    );
    return begun.flatMap(({ peer, isOpen }) => (isOpen ? [peer] : []));
  }

  /** A port for a connection of that manner. */
  reserve(manner: string): number {
    if (this.#nextPort === this.target.port) this.#nextPort += 1;
    const port = this.#nextPort++;
    this.#manners.set(port, manner);
    return port;
  }

  /** The manner of the peer at the other end of one of the subject's sockets. */
  mannerOf({ local, peer }: SocketRow): string | undefined {
    return local.port === this.target.port ? this.#manners.get(peer.port) : undefined;
  }

  /** Whether the peer at the other end has ended; undefined where it is none of ours. */
  hasEnded(row: SocketRow): boolean | undefined {
    if (this.mannerOf(row) === undefined) return undefined;
    return this.#peers.get(row.peer.port)?.hasEnded ?? true;
  }

  /** Whether a socket is a peer's own, in a host that it shares with the subject. */
  isPeer({ local, peer }: SocketRow): boolean {
    return peer.port === this.target.port && this.#manners.has(local.port);
  }

  /** Resets all that is left of them. */
  async dismiss(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.reset()));
  }
}
