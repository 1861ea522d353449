import type { Readable } from "node:stream";
import { builtin } from "./runtime.ts";

/** What a program that ran in the shell left behind. */
export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A shell that stays and runs one program after another: Node takes about 4 ms of processor time to start a program, a
 * shell a tenth of that, and `ss` itself less than 2 ms.
 */
export interface Shell {
  /** Whether it can run this now: it runs one at a time, and what it feeds to a program are whole lines. */
  takes(words: readonly string[], input?: string): boolean;
  /** Rejects when the program writes more than `maxBytes`, or the shell ends: it is of no use then. */
  run(words: readonly string[], input?: string): Promise<ShellResult>;
  end(): void;
}

export function openShell(env: NodeJS.ProcessEnv, maxBytes: number): Shell {
  const child = builtin.childProcess().spawn("sh", [], { env, stdio: ["pipe", "pipe", "pipe"] });
  // Ends each program's share of the two outputs; no program can know it.
  const mark = `finwait-${process.hrtime.bigint()}-${process.pid}-`;
  const outputs = [child.stdout, child.stderr].map((stream) => new MarkedOutput(stream, mark, maxBytes));
  let isFree = true;
  const end = () => {
    isFree = false;
    child.kill("SIGKILL");
    // What a program has itself started may hold these open: that is not waited for.
    for (const stream of child.stdio) stream?.destroy();
  };
  child.on("error", end);
  child.on("close", end);
  child.stdin.on("error", end);
  // While nothing runs in it, it keeps no process alive.
  child.unref();

  return {
    takes: (words, input) =>
      isFree && !words.some((word) => word.includes("\0")) && (input === undefined || /^[^\0]*\n$/.test(input)),
    async run(words, input) {
      isFree = false;
      child.stdin.write(script(words, mark, input));
      try {
        const [out, err] = await Promise.all(outputs.map((output) => output.untilMark()));
        isFree = true;
        return { exitCode: out?.exitCode ?? -1, stdout: out?.text ?? "", stderr: err?.text ?? "" };
      } catch (error) {
        end();
        throw error;
      }
    },
    end,
  };
}

/** Every word is quoted: the shell sees a program and its arguments, and nothing to interpret. */
function script(words: readonly string[], mark: string, input?: string): string {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const fed = input === undefined ? "</dev/null" : `<<'${mark}'\n${input}${mark}`;
  return `${quoted} ${fed}\nfinwait=$?\nprintf '${mark}%s\\n' $finwait\nprintf '${mark}%s\\n' $finwait >&2\n`;
}

/** One output of the shell, told program by program. */
class MarkedOutput {
  readonly #ending: RegExp;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #share = Promise.withResolvers<{ exitCode: number; text: string }>();

  constructor(stream: Readable, mark: string, maxBytes: number) {
    this.#ending = new RegExp(`${mark}(\\d+)\\n$`);
    this.#maxBytes = maxBytes;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("close", () => this.#share.reject(new Error("The shell that runs programs has ended.")));
    this.#share.promise.catch(() => {});
  }

  async untilMark(): Promise<{ exitCode: number; text: string }> {
    const share = await this.#share.promise;
    this.#share = Promise.withResolvers();
    this.#share.promise.catch(() => {});
    return share;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // The mark is written in one piece, and read in two at the most.
    const tail = Buffer.concat(this.#chunks.slice(-2)).toString("latin1");
    const found = this.#ending.exec(tail);
    if (found !== null) {
      const length = this.#bytes - found[0].length;
      this.#share.resolve({
        exitCode: Number(found[1]),
        text: Buffer.concat(this.#chunks).toString("utf8", 0, length),
      });
      [this.#chunks, this.#bytes] = [[], 0];
    } else if (this.#bytes > this.#maxBytes) this.#share.reject(new TooMuchOutput());
  }
}

/** A program wrote more than anybody can want to read. */
export class TooMuchOutput extends Error {}
