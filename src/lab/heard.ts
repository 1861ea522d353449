import { FinwaitError } from "../model/errors.ts";
import type { EventFact } from "../model/fact.ts";
import type { AgentLink } from "./agent-link.ts";
import { checkedMs, DeadlineMissed, pause } from "./deadline.ts";
import type { Story } from "./story.ts";

/** What a runtime has reported of one socket, and the waits that only an agent's notice can end. */
export class Heard {
  readonly #events: EventFact[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #link: AgentLink;
  readonly #story: Story;

  constructor(link: AgentLink, story: Story) {
    this.#link = link;
    this.#story = story;
  }

  get events(): readonly EventFact[] {
    return this.#events;
  }

  add(fact: EventFact): void {
    this.#events.push(fact);
    this.wake();
  }

  /** Has every wait look again. */
  wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  /**
   * Resolves with what `look` finds, now or after a notice.
   * @throws FINWAIT_DEADLINE_MISSED naming the last event, FINWAIT_AGENT_EXITED.
   */
  async until<T>(waitingFor: string, look: () => T | undefined, withinMs: number): Promise<T> {
    const { promise: tooLate, resolve: giveUp } = Promise.withResolvers<void>();
    const timer = setTimeout(giveUp, checkedMs(withinMs, "within"));
    let late = false;
    void tooLate.then(() => {
      late = true;
    });
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (late) {
          const last = this.#events.at(-1);
          const seen = last ? `'${last.event}' ${JSON.stringify(last.detail)}` : "no event";
          return await this.#story.noteMiss(Promise.reject(new DeadlineMissed(waitingFor, seen, withinMs)));
        }
        if (this.#link.ended) throw this.#link.exitError(waitingFor);
        await Promise.race([this.#next(), tooLate, this.#link.gone]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves after `durationMs` without an event. @throws FINWAIT_NOT_SILENT as soon as one comes, naming it. */
  async silence(name: string, durationMs: number): Promise<void> {
    const before = this.#events.length;
    const heard = await Promise.race([pause(checkedMs(durationMs, "for")), this.#next()]);
    const event = this.#events[before];
    if (heard === undefined && event === undefined) return;
    throw new FinwaitError(
      "FINWAIT_NOT_SILENT",
      `${name} was to stay silent for ${durationMs} ms, but '${event?.event}' came: ${JSON.stringify(event?.detail)}.`,
    );
  }

  #next(): Promise<true> {
    return new Promise((resolve) => this.#watchers.add(() => resolve(true)));
  }
}
