import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Parameters, Request } from "../protocol/messages.ts";
import type { Agent, Child, HandlersOf } from "./agent.ts";
import { adoptChild, describe, sendSignal } from "./child.ts";
import { giveSocket } from "./give.ts";
import { codeOf, Refusal } from "./refusal.ts";
import { builtin, runtimeArguments } from "./runtime.ts";

type ChildCall = "fork" | "kill" | "give";

const endsNothing: readonly string[] = ["SIGSTOP", "SIGCONT"];

export function childCalls(agent: Agent): HandlersOf<ChildCall> {
  return {
    fork: (parameters) => fork(agent, parameters),
    kill: ({ child, signal }) => kill(childNamed(agent, child), signal),
    give: (parameters) => giveSocket(agent, childNamed(agent, parameters.child), parameters),
  };
}

/** A child agent has no children: there is one process between it and the harness, and its name is enough to reach it. */
export function noChildCalls(): HandlersOf<ChildCall> {
  const refuse = (): never => {
    throw new Refusal("UNSUPPORTED", 'A child agent has no children: leave out the request\'s "process".');
  };
  return { fork: refuse, kill: refuse, give: refuse };
}

/** Passes a request with `process` on to that child. */
export function relay(agent: Agent, request: Request, name: string): void {
  const { process: _, ...forChild } = request;
  const { id, call } = request;
  childNamed(agent, name).ask({ id, call, message: { kind: "request", request: forChild }, settle: agent.outbox.send });
}

function childNamed(agent: Agent, name: string): Child {
  const child = agent.children.get(name);
  if (child === undefined) throw new Refusal("NO_SUCH_CHILD", `There is no child agent "${name}".`);
  return child;
}

function fork(agent: Agent, { child: name, nofile }: Parameters<"fork">): Promise<Answer<"fork">> {
  if (agent.children.has(name)) throw new Refusal("BAD_PARAMETER", `There is a child agent "${name}" already.`);
  const started = start(agent.epoch, nofile);
  return new Promise((resolve, reject) => {
    started.on("error", (error) => {
      if (started.pid !== undefined) return;
      agent.children.delete(name);
      const missing = nofile !== undefined && codeOf(error) === "ENOENT";
      reject(missing ? new Refusal("UNSUPPORTED", "There is no prlimit (util-linux) here, which sets nofile.") : error);
    });
    const child = adoptChild(agent, name, started, ({ pid }) => resolve({ pid }));
    void child.exited.then((exit) => {
      reject(new Refusal("CHILD_EXITED", `Child agent "${name}" exited with ${describe(exit)} before its hello.`));
    });
  });
}

/** The same file as this one, its IPC channel where Node puts it; prlimit becomes the child by exec, so the channel stays. */
function start(epoch: string, nofile: number | undefined): ChildProcess {
  const { spawn } = builtin.childProcess();
  const file = fileURLToPath(import.meta.url);
  const command = [process.execPath, ...runtimeArguments(file), "--epoch", epoch, "--child"];
  const limited = nofile === undefined ? command : ["prlimit", `--nofile=${nofile}:${nofile}`, ...command];
  const [program = process.execPath, ...args] = limited;
  return spawn(program, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

async function kill(child: Child, signal: string): Promise<Answer<"kill">> {
  sendSignal(child, signal);
  return endsNothing.includes(signal) ? { exitCode: null, signal: null } : await child.exited;
}
