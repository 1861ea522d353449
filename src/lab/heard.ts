import { FinwaitError } from "../model/errors.ts";
import type { EventFact } from "../model/fact.ts";
import type { AgentLink } from "./agent/link.ts";
import { checkedMs, pause } from "./deadline.ts";
import type { Story } from "./story.ts";
import { Waits } from "./waits.ts";

/** What a runtime has reported of one socket, and the waits that only an agent's notice can end. */
export class Heard {
  readonly #events: EventFact[] = [];
  readonly #waits: Waits;
  readonly #story: Story;

  constructor(link: AgentLink, story: Story) {
    this.#waits = new Waits(link);
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
    this.#waits.wake();
  }

  /**
   * Resolves with what `look` finds, now or after a notice.
   * @throws FINWAIT_DEADLINE_MISSED naming the last event, FINWAIT_AGENT_EXITED.
   */
  async until<T>(waitingFor: string, look: () => T | undefined, withinMs: number): Promise<T> {
    const lastSeen = () => {
      const last = this.#events.at(-1);
      return last === undefined ? "no event" : `'${last.event}' ${JSON.stringify(last.detail)}`;
    };
    return await this.#story.noteMiss(this.#waits.until({ waitingFor, look, withinMs, lastSeen }));
  }

  /** Resolves after `durationMs` without an event. @throws FINWAIT_NOT_SILENT as soon as one comes, naming it. */
  async silence(name: string, durationMs: number): Promise<void> {
    const before = this.#events.length;
    let isOver = false;
    const over = pause(checkedMs(durationMs, "for")).then(() => {
      isOver = true;
    });
    while (!isOver && this.#events.length === before) await Promise.race([over, this.#waits.next()]);
    const event = this.#events[before];
    if (event === undefined) return;
    throw new FinwaitError(
      "FINWAIT_NOT_SILENT",
      `${name} was to stay silent for ${durationMs} ms, but '${event.event}' came: ${JSON.stringify(event.detail)}.`,
    );
  }
}
