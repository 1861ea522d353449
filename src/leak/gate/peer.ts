import type { Endpoint } from "../../lab/endpoint.ts";
import { isFinwaitError } from "../../model/errors.ts";
import type { Language } from "./language.ts";

/** Enough of an answer to know that it is on its way. */
const mostAwaitedBytes = 16_384;

/** One connection to the subject, and what we have done with it. Whatever the subject does, nothing here throws for it. */
export class Peer {
  readonly language: Language;
  readonly port: number;
  readonly #endpoint: Endpoint;
  #hasEnded = false;
  #asked = 0;

  constructor(endpoint: Endpoint, language: Language) {
    this.language = language;
    this.port = endpoint.local.port;
    this.#endpoint = endpoint;
  }

  /** Whether it has sent its end, or a reset. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves with whether the connection came to be. */
  async opened(withinMs: number): Promise<boolean> {
    await tolerant(this.#endpoint.saw(["connect", "error"], { within: withinMs }));
    return this.#endpoint.events.some(({ event }) => event === "connect");
  }

  async ask(): Promise<void> {
    await this.#say(this.language.request);
    this.#asked += 1;
  }

  /** Asks in a way that lets the subject close after its answer, where there is such a way. */
  async askForTheLastTime(): Promise<void> {
    await this.#say(this.language.lastRequest);
    this.#asked += 1;
  }

  async askHalf(): Promise<void> {
    const { request } = this.language;
    await this.#say(request.slice(0, Math.ceil(request.length / 2)));
  }

  /** Writes that many bytes, announced where the language has a way to. */
  async pour(bytes: number): Promise<void> {
    await this.#pour(bytes, bytes);
  }

  /** Announces that many bytes where the language has a way to, and writes half of them. */
  async pourHalf(bytes: number): Promise<void> {
    await this.#pour(Math.floor(bytes / 2), bytes);
  }

  /** Waits for the answers so far, for the subject's end, or for as long as answers take. */
  async answered(): Promise<void> {
    const { answerBytes, answerWithinMs: within } = this.language;
    if (answerBytes === 0) return;
    const wanted = Math.max(1, this.#asked) * Math.min(answerBytes, mostAwaitedBytes);
    await Promise.race([
      tolerant(this.#endpoint.received(wanted, { within })),
      tolerant(this.#endpoint.saw(["end", "close", "error"], { within })),
    ]);
  }

  /** Begins to read, where it was opened without. */
  async read(): Promise<void> {
    await tolerant(this.#endpoint.read());
    await tolerant(this.#endpoint.resume());
  }

  /** Sends its end and goes on reading. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await tolerant(this.#endpoint.end());
  }

  /** Closes both directions: its end, and a reset for whatever comes after. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    await tolerant(this.#endpoint.destroy());
  }

  async reset(): Promise<void> {
    this.#hasEnded = true;
    await tolerant(this.#endpoint.resetAndDestroy());
  }

  /** Resolves when the connection is over at this end, or after `withinMs`. */
  async closed(withinMs: number): Promise<void> {
    await tolerant(this.#endpoint.saw("close", { within: withinMs }));
  }

  async #pour(bytes: number, announced: number): Promise<void> {
    const head = this.language.announce(announced);
    if (head !== "") await this.#say(head);
    await tolerant(this.#endpoint.write(bytes));
  }

  async #say(text: string): Promise<void> {
    await tolerant(this.#endpoint.say(text));
  }
}

/** The subject may have closed, reset or not answered: that is for the kernel's table to tell. */
async function tolerant(wait: Promise<unknown>): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if (!isFinwaitError(error, "FINWAIT_CALL_FAILED") && !isFinwaitError(error, "FINWAIT_DEADLINE_MISSED")) throw error;
  }
}
