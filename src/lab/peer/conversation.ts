import { FinwaitError, isFinwaitError } from "../../model/errors.ts";
import { Program } from "../agent/program.ts";
import { checkedMs, DeadlineMissed } from "../deadline.ts";
import type { Host } from "../host.ts";
import type { Story } from "../story.ts";
import { peerScript } from "./script.ts";

/** What a call came to: the words it returned, or the name of errno. Stamps are nanoseconds since the run's epoch. */
export interface PeerAnswer {
  readonly words: readonly string[];
  readonly errno?: string;
  /** When it was asked, and when its answer was heard. */
  readonly askedAt: number;
  readonly at: number;
}

type Said = Omit<PeerAnswer, "askedAt">;

/** The conversation with one perl in a host. It answers calls one after another. */
export class PeerConversation {
  readonly host: Host;
  readonly story: Story;
  readonly #waiting: { readonly resolve: (said: Said) => void; readonly reject: (error: Error) => void }[] = [];
  #program: Program | undefined;
  #line = "";
  #stderr = "";
  #over: FinwaitError | undefined;

  private constructor(host: Host, story: Story) {
    this.host = host;
    this.story = story;
  }

  /** `prefix` is the session's, with which the program ends. @throws FINWAIT_CAPABILITY_MISSING without perl. */
  static async start(host: Host, story: Story, prefix: string): Promise<PeerConversation> {
    const conversation = new PeerConversation(host, story);
    const ready = conversation.#next();
    conversation.#program = await Program.start(host.link, ["perl", "-e", peerScript], {
      prefix,
      input: true,
      onOutput: (bytes, stream, at) => conversation.#take(Buffer.from(bytes).toString(), stream, at),
    });
    void conversation.#program.ended.then(({ exitCode, signal }) =>
      conversation.#end(`ended with ${exitCode ?? signal}`),
    );
    void host.link.gone.then(() => conversation.#end("went with its host's agent"));
    await ready;
    return conversation;
  }

  /** @throws FINWAIT_DEADLINE_MISSED when it has not returned in time; it is waited for by the calls behind it. */
  async ask(verb: string, words: readonly (string | number)[], what: string, withinMs: number): Promise<PeerAnswer> {
    if (this.#over !== undefined) throw this.#over;
    const said = this.#next();
    // Handled where it is awaited; until then the program's end must not end the harness.
    said.catch(() => {});
    const askedAt = (await this.#program?.feed(`${[verb, ...words].join(" ")}\n`)) ?? this.story.clock.now();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const missed = () => reject(new DeadlineMissed(what, "it has not returned", withinMs));
    const timer = setTimeout(missed, checkedMs(withinMs, "within"));
    try {
      return { ...(await this.story.noteMiss(Promise.race([said, late]))), askedAt };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program where it stands; the kernel closes its sockets. */
  async kill(): Promise<void> {
    await this.#program?.signal("SIGKILL");
    await this.#program?.ended;
  }

  #next(): Promise<Said> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #take(text: string, stream: "stdout" | "stderr", at: number): void {
    if (stream === "stderr") {
      this.#stderr += text;
      return;
    }
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      const said = parseAnswer(line, at);
      const waiting = this.#waiting.shift();
      if (said instanceof FinwaitError) waiting?.reject(said);
      else waiting?.resolve(said);
    }
  }

  #end(how: string): void {
    const words = this.#stderr.trim() || "it wrote nothing to stderr";
    this.#over ??= new FinwaitError("FINWAIT_LAB_FAILED", `perl on host "${this.host.name}" ${how}: ${words}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#over);
  }
}

/** What perl said, or an error when that is no answer. */
export function parseAnswer(line: string, at: number): Said | FinwaitError {
  const [kind, ...words] = line.split(" ");
  const [errno] = words;
  if (kind === "ok") return { words, at };
  if (kind === "ready" && words.length === 0) return { words, at };
  if (kind === "error" && errno !== undefined && words.length === 1 && /^E[A-Z0-9]+$/.test(errno)) {
    return { words: [], errno, at };
  }
  return new FinwaitError("FINWAIT_PROTOCOL", `A peer said what is no answer: ${JSON.stringify(line)}`);
}

/** For a call whose outcome is itself in question: that it failed is in the story, and the experiment goes on. */
export async function orFailed(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isFinwaitError(error, "FINWAIT_CALL_FAILED")) throw error;
  }
}
