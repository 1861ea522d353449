/** Below the kernel's ephemeral range, so that no port is ever handed out twice by two hands. */
const ranges = { client: [10_000, 19_999], server: [20_000, 29_999], fault: [1, 1_000_000_000] } as const;

/** Numbers that no two sessions of a lab share: with its own port, each experiment's sockets and faults are its own. */
export class Ports {
  readonly #used = { client: 0, server: 0, fault: 0 };

  next(kind: keyof typeof ranges): number {
    const [first, last] = ranges[kind];
    return first + (this.#used[kind]++ % (last - first + 1));
  }
}
