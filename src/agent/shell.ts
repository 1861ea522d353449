import type { ChildProcess } from "node:child_process";
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
  /** Rejects when the program writes more than `maxBytes`, or the shell ends: it has ended then, and takes no more. */
  run(words: readonly string[], input?: string): Promise<ShellResult>;
  end(): void;
}

export function openShell(env: NodeJS.ProcessEnv, maxBytes: number): Shell {
  // A process group of its own: Ctrl-C is not meant for it, and what runs in it ends with it.
  const child = builtin.childProcess().spawn("sh", [], { env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  // Ends each program's share of the two outputs; no program can know it.
  const mark = `finwait-${process.hrtime.bigint()}-${process.pid}-`;
  const stdout = new MarkedOutput(child.stdout, mark, maxBytes);
  const stderr = new MarkedOutput(child.stderr, mark, maxBytes);
  let isFree = true;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    killGroup(child);
    for (const stream of child.stdio) stream?.destroy();
  };
  child.on("error", end);
  child.stdin.on("error", end);
  for (const stream of [child.stdout, child.stderr]) stream.on("close", end);

  return {
    takes: (words, input) =>
      isFree &&
      !isOver &&
      !words.some((word) => word.includes("\0")) &&
      (input === undefined || /^[^\0]*\n$/.test(input)),
    async run(words, input) {
      isFree = false;
      child.stdin.write(script(words, mark, input));
      try {
        const [out, err] = await Promise.all([stdout.untilMark(), stderr.untilMark()]);
        return { exitCode: out.exitCode, stdout: out.text, stderr: err.text };
      } catch (error) {
        end();
        throw error;
      } finally {
        isFree = true;
      }
    },
    end,
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already; or this runtime made no group, and the shell is all there is to reach.
    child.kill("SIGKILL");
  }
}

/** Every word is quoted: the shell sees a program and its arguments, and nothing to interpret. */
function script(words: readonly string[], mark: string, input?: string): string {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const fed = input === undefined ? "</dev/null" : `<<'${mark}'\n${input}${mark}`;
  return `${quoted} ${fed}\nfinwait=$?\nprintf '${mark}%s\\n' $finwait\nprintf '${mark}%s\\n' $finwait >&2\n`;
}

interface Share {
  readonly exitCode: number;
  readonly text: string;
}

/** One output of the shell, told program by program. */
class MarkedOutput {
  readonly #ending: RegExp;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #resolve: (share: Share) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(stream: Readable, mark: string, maxBytes: number) {
    this.#ending = new RegExp(`${mark}(\\d+)\\n$`);
    this.#maxBytes = maxBytes;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("close", () => this.#reject(new Error("The shell that runs programs has ended.")));
  }

  /** To be called before the program can have written anything. */
  untilMark(): Promise<Share> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // The mark is written in one piece, and read in two at the most.
    const tail = Buffer.concat(this.#chunks.slice(-2)).toString("latin1");
    const found = this.#ending.exec(tail);
    if (found !== null) {
      const text = Buffer.concat(this.#chunks).toString("utf8", 0, this.#bytes - found[0].length);
      [this.#chunks, this.#bytes] = [[], 0];
      this.#resolve({ exitCode: Number(found[1]), text });
    } else if (this.#bytes > this.#maxBytes) this.#reject(new TooMuchOutput());
  }
}

/** A program wrote more than anybody can want to read. */
export class TooMuchOutput extends Error {}
