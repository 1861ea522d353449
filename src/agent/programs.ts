import type { ChildProcess } from "node:child_process";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf, HeldProgram } from "./agent.ts";
import { Refusal } from "./refusal.ts";
import { programEnvironment } from "./run.ts";
import { builtin } from "./runtime.ts";

/** Programs that stay: tcpdump, a peer that is no Node. They end with their names' release, or with the agent. */
export function programCalls(agent: Agent): HandlersOf<"start" | "feed" | "signal"> {
  return {
    start: (parameters) => start(agent, parameters),
    feed: ({ program, text }) => {
      programNamed(agent, program).process.stdin?.write(text);
      return {};
    },
    signal: ({ program, signal }) => {
      programNamed(agent, program).process.kill(signal as NodeJS.Signals);
      return {};
    },
  };
}

/** How long what a program wrote last may take to be read once it has ended. */
const lastWordsMs = 500;

/** Ends the programs whose name begins with `prefix`; nothing more is told of them. */
export function endPrograms(agent: Agent, prefix: string): void {
  for (const [name, held] of agent.programs) {
    if (!name.startsWith(prefix)) continue;
    held.released = true;
    held.process.kill("SIGKILL");
    agent.programs.delete(name);
  }
}

function start(agent: Agent, parameters: Parameters<"start">): Promise<Answer<"start">> {
  const { program, command, args, input, cwd, env } = parameters;
  if (agent.programs.has(program)) throw new Refusal("BAD_PARAMETER", `There is a program "${program}" already.`);
  const { spawn } = builtin.childProcess();
  const stdin = input === true ? "pipe" : "ignore";
  const child = spawn(command, args, {
    env: env === undefined ? programEnvironment() : environmentOf(env),
    stdio: [stdin, "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  // It may end without reading what it was fed.
  child.stdin?.on("error", () => {});
  const held: HeldProgram = { process: child, released: false };
  agent.programs.set(program, held);
  tellOutput(agent, program, held);
  return new Promise((resolve, reject) => {
    let isRunning = false;
    child.once("spawn", () => {
      isRunning = true;
      resolve({ pid: child.pid ?? 0 });
    });
    // Also for a signal that cannot be sent, which ends nothing. Bun and Deno tell of the end of what never began.
    child.on("error", (error) => {
      if (isRunning) return;
      held.released = true;
      agent.programs.delete(program);
      reject(error);
    });
  });
}

/** From NAME=value; a value may hold further signs of equality. */
function environmentOf(lines: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function tellOutput(agent: Agent, program: string, held: HeldProgram): void {
  const { process: child } = held;
  const tell = (stream: "stdout" | "stderr") => (chunk: Uint8Array) => {
    if (held.released) return;
    const base64 = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("base64");
    agent.outbox.send({ notice: "output", at: agent.clock.now(), program, stream, base64 });
  };
  child.stdout?.on("data", tell("stdout"));
  child.stderr?.on("data", tell("stderr"));
  const tellEnd = (exitCode: number | null, signal: NodeJS.Signals | null) => {
    if (held.released || agent.programs.get(program) !== held) return;
    agent.programs.delete(program);
    const how = { exitCode: exitCode ?? null, signal: signal ?? null };
    agent.outbox.send({ notice: "programExit", at: agent.clock.now(), program, ...how });
  };
  child.once("close", tellEnd);
  // Its children may hold its output open for as long as they like: then only what is there already is waited for.
  child.once("exit", (exitCode, signal) => setTimeout(tellEnd, lastWordsMs, exitCode, signal));
}

function programNamed(agent: Agent, program: string): { readonly process: ChildProcess } {
  const held = agent.programs.get(program);
  if (held === undefined) throw new Refusal("NO_SUCH_PROGRAM", `There is no program "${program}" in this process.`);
  return held;
}
