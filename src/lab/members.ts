import { FinwaitError } from "../model/errors.ts";
import type { Host } from "./host.ts";
import type { EndpointIdentity } from "./identity.ts";
import type { Listener } from "./listener.ts";

/** The sockets of one session by their names, and its hosts. */
export class Members {
  readonly #hosts: readonly Host[];
  readonly #listeners = new Map<string, Listener>();
  readonly #endpoints: EndpointIdentity[] = [];
  #processes = 0;

  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  addListener(listener: Listener): void {
    this.#listeners.set(listener.id, listener);
  }

  /** An endpoint that is a member already stays one. */
  add(endpoint: EndpointIdentity | undefined): void {
    if (endpoint !== undefined && !this.#endpoints.includes(endpoint)) this.#endpoints.push(endpoint);
  }

  /** The listener that the agent knows by this name. */
  listener(id: string): Listener | undefined {
    return this.#listeners.get(id);
  }

  /** Everything that has a kernel state to be read. */
  all(): readonly EndpointIdentity[] {
    return [...this.#listeners.values(), ...this.#endpoints];
  }

  /** A name that is not taken yet: "client", then "client-2"; processes are numbered from the first. */
  nameFor(kind: string): string {
    if (kind === "process") return `process-${++this.#processes}`;
    const taken = new Set(this.all().map(({ name }) => name));
    for (let number = 1; ; number++) {
      const name = number === 1 ? kind : `${kind}-${number}`;
      if (!taken.has(name)) return name;
    }
  }

  /** The host of that name. @throws FINWAIT_USAGE naming the hosts there are. */
  host(name: string | undefined, otherwise: "first" | "last"): Host {
    const host =
      name === undefined ? this.#hosts.at(otherwise === "first" ? 0 : -1) : this.#hosts.find((h) => h.name === name);
    if (host !== undefined) return host;
    const names = this.#hosts.map((h) => `"${h.name}"`).join(", ");
    throw new FinwaitError("FINWAIT_USAGE", `This lab has no host "${name}"; its hosts are ${names}.`);
  }
}
