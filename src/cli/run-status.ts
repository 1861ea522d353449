import type { Claim } from "../experiment/claim.ts";
import type { CaseOutcome } from "../model/verdict.ts";
import type { Screen } from "./screen.ts";

const refreshMs = 250;

/** The line beneath the verdicts: how far the run is, and which kernel timer it waits for longest. */
export class RunStatus {
  readonly #claims: readonly Claim[];
  readonly #screen: Screen;
  readonly #startedAt = performance.now();
  readonly #waiting = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #judged = 0;

  constructor(claims: readonly Claim[], screen: Screen) {
    this.#claims = claims;
    this.#screen = screen;
    for (const { address, cases } of claims) {
      for (const { name, timerMs = 0 } of cases) this.#waiting.set(`${address} ${name}`, timerMs);
    }
    this.#timer = setInterval(() => this.#show(), refreshMs).unref();
    this.#show();
  }

  tried({ address }: Claim, outcome: CaseOutcome): void {
    this.#waiting.delete(`${address} ${outcome.case}`);
  }

  judged(): void {
    this.#judged += 1;
    this.#show();
  }

  done(): void {
    clearInterval(this.#timer);
    this.#screen.done();
  }

  #show(): void {
    const { dim } = this.#screen.paint;
    const [longest] = [...this.#waiting].toSorted(([, a], [, b]) => b - a);
    const elapsedMs = performance.now() - this.#startedAt;
    const leftS = longest === undefined ? 0 : Math.ceil((longest[1] - elapsedMs) / 1000);
    const wait =
      longest !== undefined && leftS > 0 ? `, waiting ${leftS} s for a kernel timer (${longest[0].split(" ")[0]})` : "";
    this.#screen.status(dim(`${this.#judged} of ${this.#claims.length} claims${wait}`));
  }
}
