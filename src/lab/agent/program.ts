import { defined } from "../../model/defined.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { Notice } from "../../protocol/messages.ts";
import { type AgentLink, CallRefused } from "./link.ts";

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Told of a program's output as it comes; `at` is when the agent heard it, in nanoseconds since the run's epoch. */
export type OutputListener = (bytes: Uint8Array, stream: "stdout" | "stderr", at: number) => void;

/** How a program is started. */
export interface ProgramOptions {
  /** Says whose it is: it is released with everything else of that prefix. */
  readonly prefix: string;
  /** Leaves its stdin open for `feed`. */
  readonly input?: boolean;
  readonly cwd?: string;
  /** Its whole environment, as NAME=value; default the agent's. */
  readonly env?: readonly string[];
  readonly onOutput: OutputListener;
}

let programs = 0;

/** A program left running in a host, by the host's agent. It ends with the session or lab that started it. */
export class Program {
  readonly command: string;
  readonly pid: number;
  /**
   * Resolves when it has ended and what it wrote was heard, though not what children that it left behind write still;
   * never, when its name was released before.
   */
  readonly ended: Promise<ProgramEnd>;
  readonly #name: string;
  readonly #link: AgentLink;

  private constructor(command: string, pid: number, name: string, link: AgentLink, ended: Promise<ProgramEnd>) {
    this.command = command;
    this.pid = pid;
    this.ended = ended;
    this.#name = name;
    this.#link = link;
  }

  static async start(
    link: AgentLink,
    [command, ...args]: readonly [string, ...string[]],
    { prefix, input = false, cwd, env, onOutput }: ProgramOptions,
  ): Promise<Program> {
    const program = `${prefix}program-${++programs}`;
    const { promise: ended, resolve: end } = Promise.withResolvers<ProgramEnd>();
    const stop = link.onNotice((notice: Notice) => {
      if (!("program" in notice) || notice.program !== program) return;
      if (notice.notice === "output") onOutput(Buffer.from(notice.base64, "base64"), notice.stream, notice.at);
      else {
        stop();
        end({ exitCode: notice.exitCode, signal: notice.signal });
      }
    });
    try {
      const { ok } = await link.request("start", { program, command, args, input, ...defined({ cwd, env }) });
      return new Program(command, ok.pid, program, link, ended);
    } catch (cause) {
      stop();
      if (cause instanceof CallRefused && ["ENOENT", "EACCES"].includes(cause.refusal.code)) {
        const why = cause.refusal.code === "EACCES" ? ", and is not permitted to run it" : "";
        throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `needs ${command}${why}`, { cause });
      }
      throw cause;
    }
  }

  /** Writes to its stdin, which `input: true` left open. Resolves with when that was, in nanoseconds since the epoch. */
  async feed(text: string): Promise<number> {
    return (await this.#link.request("feed", { program: this.#name, text })).startedAt;
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#link.request("signal", { program: this.#name, signal });
  }
}
