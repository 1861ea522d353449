import { type AppliedHold, applyHold } from "../fault/hold.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Story } from "./story.ts";

/** Segments kept in flight between two hosts. Releasing is idempotent; disposing releases. */
export class Hold implements AsyncDisposable {
  readonly intent: string;
  readonly #name: string;
  readonly #host: string;
  readonly #applied: AppliedHold;
  readonly #story: Story;
  #released: Promise<number> | undefined;

  private constructor(from: Endpoint, number: number, applied: AppliedHold, story: Story) {
    this.intent = `hold everything from ${from.name}, until released`;
    this.#name = `hold-${number}`;
    this.#host = from.host.name;
    this.#applied = applied;
    this.#story = story;
  }

  /** Called by the session. @throws FINWAIT_LAB_FAILED when the host has no neighbour entry for the peer yet. */
  static async apply(from: Endpoint, number: number, story: Story): Promise<Hold> {
    const direction = { fromPort: from.local.port, toPort: from.peer.port };
    const applied = await applyHold(from.host.run, `finwait_${number}`, from.peer.address, direction);
    const hold = new Hold(from, number, applied, story);
    hold.#tell("applied", 0);
    return hold;
  }

  /** Lets go what is held; resolves with how many of the endpoint's segments had been. */
  async release(): Promise<number> {
    this.#released ??= this.#applied.release().then((caught) => {
      this.#tell("lifted", caught);
      return caught;
    });
    return await this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #tell(phase: "applied" | "lifted", caught: number): void {
    this.#story.fault({ host: this.#host, phase, fault: this.#name, intent: this.intent, caught });
  }
}
