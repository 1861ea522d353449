import { randomInt } from "node:crypto";

/** Of servers whose connections are counted and not watched: what passes there is not captured either. */
export const quietPorts = [30_000, 32_767] as const;

/** Below the kernel's ephemeral range, so that no port is ever handed out twice by two hands. */
const ranges = {
  client: [10_000, 19_999],
  server: [20_000, 29_999],
  quiet: quietPorts,
  fault: [1, 1_000_000_000],
} as const;

/**
 * Numbers that no two sessions share: with its own port, each experiment's sockets and faults are its own. They begin
 * anywhere in their range, because the kernel's tracepoints show other processes' labs too.
 */
export class Ports {
  readonly #used = { client: randomInt(10_000), server: randomInt(10_000), quiet: randomInt(2_000), fault: 0 };

  next(kind: keyof typeof ranges): number {
    const [first, last] = ranges[kind];
    return first + (this.#used[kind]++ % (last - first + 1));
  }
}
