import { Program, type ProgramEnd } from "../../lab/agent/program.ts";
import type { Host } from "../../lab/host.ts";
import { FinwaitError, isFinwaitError } from "../../model/errors.ts";

const keptLines = 20;
const keptCharacters = 4_000;

/** How the program is started in its host. */
export interface SubjectStart {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Its whole environment, as NAME=value. */
  readonly env: readonly string[];
  /** Soft and hard limit of descriptors for it and all that it starts. */
  readonly nofile?: number;
  readonly onOutput?: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
}

/** The program that is looked at. */
export interface Subject {
  readonly pid: number;
  /** As it was typed: "node server.js". */
  readonly name: string;
  readonly ended: Promise<ProgramEnd>;
  /** How it ended; undefined while it runs. */
  end(): ProgramEnd | undefined;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** All it wrote of late, to find a port in. */
  output(): string;
  /** An error that says what happened and shows what it wrote last. */
  failure(what: string): FinwaitError;
}

/** @throws FINWAIT_SUBJECT_FAILED when there is no such program. */
export async function startSubject(
  host: Host,
  { command, cwd, env, nofile, onOutput }: SubjectStart,
): Promise<Subject> {
  const name = command.join(" ");
  const written = { stdout: "", stderr: "" };
  const program = await Program.start(host.link, limited(command, nofile), {
    prefix: "subject/",
    cwd,
    env,
    onOutput: (bytes, stream) => {
      written[stream] = (written[stream] + Buffer.from(bytes).toString("utf8")).slice(-keptCharacters);
      onOutput?.(bytes, stream);
    },
  }).catch((cause: unknown) => {
    if (!isFinwaitError(cause, "FINWAIT_CAPABILITY_MISSING") && !isFinwaitError(cause, "FINWAIT_CALL_FAILED"))
      throw cause;
    throw new FinwaitError(
      "FINWAIT_SUBJECT_FAILED",
      `"${name}" could not be started in ${cwd}: there is no program "${command[0]}" in the host, or it may not be run.`,
      { cause },
    );
  });
  let end: ProgramEnd | undefined;
  void program.ended.then((how) => {
    end = how;
  });
  return {
    pid: program.pid,
    name,
    ended: program.ended,
    end: () => end,
    signal: (signal) => program.signal(signal),
    output: () => `${written.stdout}\n${written.stderr}`,
    failure: (what) => new FinwaitError("FINWAIT_SUBJECT_FAILED", `"${name}" ${what}.${lastWords(written)}`),
  };
}

/** A shell that sets the limit and becomes the program. */
function limited(command: SubjectStart["command"], nofile: number | undefined): SubjectStart["command"] {
  return nofile === undefined ? command : ["sh", "-c", 'ulimit -n "$0" && exec "$@"', String(nofile), ...command];
}

/** "exited with code 1", "was ended by SIGKILL". */
export function endText({ exitCode, signal }: ProgramEnd): string {
  return signal === null ? `exited with code ${exitCode ?? 0}` : `was ended by ${signal}`;
}

function lastWords({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  const [stream, text] = stderr.trim() === "" ? ["stdout", stdout.trim()] : ["stderr", stderr.trim()];
  if (text === "") return " It wrote nothing.";
  const lines = text.split("\n").slice(-keptLines);
  return ` The last it wrote to ${stream}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
