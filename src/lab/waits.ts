import type { AgentLink } from "./agent/link.ts";
import { checkedMs, DeadlineMissed } from "./deadline.ts";

/** What is waited for: in words, how it is found, how long it may take, and what had been seen when it took longer. */
export interface Wait<T> {
  readonly waitingFor: string;
  readonly look: () => T | undefined;
  readonly withinMs: number;
  readonly lastSeen: () => string;
}

/** Waits for what an agent's notices bring: each looks again whenever it is woken. */
export class Waits {
  readonly #link: AgentLink;
  readonly #sleepers = new Set<() => void>();

  constructor(link: AgentLink) {
    this.#link = link;
  }

  /** Has every wait look again. */
  wake(): void {
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wakeUp of sleepers) wakeUp();
  }

  /** Resolves when it is woken the next time. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#sleepers.add(resolve));
  }

  /** Resolves with what `look` finds, now or when woken. @throws FINWAIT_DEADLINE_MISSED, FINWAIT_AGENT_EXITED. */
  async until<T>({ waitingFor, look, withinMs, lastSeen }: Wait<T>): Promise<T> {
    const { promise: tooLate, resolve: giveUp } = Promise.withResolvers<void>();
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        giveUp();
      },
      checkedMs(withinMs, "within"),
    );
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (isLate) throw new DeadlineMissed(waitingFor, lastSeen(), withinMs);
        if (this.#link.ended) throw this.#link.exitError(waitingFor);
        await Promise.race([this.next(), tooLate, this.#link.gone]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
