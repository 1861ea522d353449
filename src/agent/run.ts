import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf } from "./agent.ts";
import { Refusal } from "./refusal.ts";
import { builtin } from "./runtime.ts";
import { openShell, type Shell, TooMuchOutput } from "./shell.ts";

/** What is asked for again and again. Nothing that these leave running can write into the next one's share of the shell. */
const shellPrograms: readonly string[] = ["ss", "nft", "ip", "cat", "ls"];
/** A shell's codes for a program that is not there, or is not to be run: trying without it tells the runtime's own error. */
const notStarted: readonly number[] = [126, 127];
const maxOutputBytes = 64 * 1024 * 1024;

const running = new Set<ChildProcess>();
let shell: Shell | undefined;

/** Where processes are counted, a child agent, no shell stands by. */
export function runCall(agent: Agent, role: "host" | "child"): HandlersOf<"run"> {
  const environment = programEnvironment();
  if (role === "child") return { run: (parameters) => run(agent, environment, parameters) };
  setImmediate(() => {
    shell = openShell(environment, maxOutputBytes);
  });
  return {
    run: async (parameters) =>
      (await runInShell(agent, environment, parameters)) ?? run(agent, environment, parameters),
  };
}

/**
 * A copy, since reading process.env is slow; ss, nft and tcpdump are where a user's PATH does not look. No home: nft would
 * leave a history of its commands there.
 */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, HOME: "/dev/null", PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };
}

/** Nothing this agent started outlives it. */
export function killRunning(): void {
  for (const child of running) child.kill("SIGKILL");
  shell?.end();
}

/** Undefined where the shell cannot do it: it is busy, a deadline is set, or the program is not one for it. */
async function runInShell(
  agent: Agent,
  env: NodeJS.ProcessEnv,
  { command, args, input, timeoutMs }: Parameters<"run">,
): Promise<Answer<"run"> | undefined> {
  const words = [command, ...args];
  if (timeoutMs !== undefined || !shellPrograms.includes(command) || !shell?.takes(words, input)) return undefined;
  const startedAt = agent.clock.now();
  try {
    const ran = await shell.run(words, input);
    return notStarted.includes(ran.exitCode) ? undefined : { ...ran, startedAt, endedAt: agent.clock.now() };
  } catch (error) {
    if (!(error instanceof TooMuchOutput)) throw error;
    shell = openShell(env, maxOutputBytes);
    throw tooMuchOutput(command);
  }
}

function run(agent: Agent, env: NodeJS.ProcessEnv, parameters: Parameters<"run">): Promise<Answer<"run">> {
  const { command, args, input, timeoutMs } = parameters;
  const { spawn } = builtin.childProcess();
  const startedAt = agent.clock.now();
  const child = spawn(command, args, { env, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  running.add(child);
  // A program may end without reading all of its input.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const output = collect(child);
  const deadline = timeoutMs === undefined ? undefined : stopAfter(child, timeoutMs);

  return new Promise<Answer<"run">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      const endedAt = agent.clock.now();
      if (output.tooMuch()) return reject(tooMuchOutput(command));
      const late = deadline?.passed ? `${command} was killed after ${timeoutMs} ms.\n` : "";
      resolve({
        exitCode: deadline?.passed ? -1 : (exitCode ?? 128 + signalNumber(signal)),
        stdout: output.stdout(),
        stderr: output.stderr() + late,
        startedAt,
        endedAt,
      });
    });
  }).finally(() => {
    running.delete(child);
    deadline?.cancel();
  });
}

function collect(child: ChildProcess): { stdout(): string; stderr(): string; tooMuch(): boolean } {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  let bytes = 0;
  const into = (chunks: Uint8Array[]) => (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= maxOutputBytes) chunks.push(chunk);
    else stop(child);
  };
  child.stdout?.on("data", into(stdout));
  child.stderr?.on("data", into(stderr));
  return {
    stdout: () => Buffer.concat(stdout).toString(),
    stderr: () => Buffer.concat(stderr).toString(),
    tooMuch: () => bytes > maxOutputBytes,
  };
}

function stopAfter(child: ChildProcess, ms: number): { readonly passed: boolean; cancel(): void } {
  const deadline = { passed: false, cancel: () => clearTimeout(timer) };
  const timer = setTimeout(() => {
    deadline.passed = true;
    stop(child);
  }, ms);
  return deadline;
}

/** What the program itself has started may hold its output open: that is not waited for. */
function stop(child: ChildProcess): void {
  child.kill("SIGKILL");
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function tooMuchOutput(command: string): Refusal {
  return new Refusal(
    "ERR_CHILD_PROCESS_STDIO_MAXBUFFER",
    `${command} wrote more than ${maxOutputBytes} bytes and was killed. Ask it for less.`,
  );
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
