import type { ChildProcess } from "node:child_process";
import type { Answer, HelloNotice, Reply } from "../protocol/messages.ts";
import type { Agent, Child, Question } from "./agent.ts";
import type { FromChild } from "./channel.ts";
import { compareClocks, earlier } from "./child-clock.ts";
import { codeOf } from "./refusal.ts";

type Asked = Question & { readonly startedAt: number };

/** Puts a started process under its name. `onHello` is called with its first words. */
export function adoptChild(
  agent: Agent,
  name: string,
  process: ChildProcess,
  onHello: (hello: HelloNotice) => void,
): Child {
  const { pending, ask } = openQuestions(agent, process);
  process.on("message", listener(agent, name, { pending, ask }, onHello));
  const exited = exitOf(process).then((exit) => {
    agent.children.delete(name);
    agent.outbox.send({ notice: "childExit", at: agent.clock.now(), process: name, ...exit });
    for (const question of pending.values()) question.settle(unanswered(agent, name, question, exit));
    return exit;
  });
  const child: Child = { name, process, exited, ask };
  agent.children.set(name, child);
  return child;
}

interface OpenQuestions {
  readonly pending: Map<number, Asked>;
  ask(question: Question): void;
}

function openQuestions(agent: Agent, process: ChildProcess): OpenQuestions {
  const pending = new Map<number, Asked>();
  // What cannot be sent any more is answered when the exit is seen.
  const unsent = () => {};
  function ask(question: Question): void {
    const { id, message, handle } = question;
    pending.set(id, { ...question, startedAt: agent.clock.now() });
    if (handle === undefined) process.send?.(message, unsent);
    else process.send?.(message, handle.socket, { keepOpen: handle.keepOpen }, unsent);
  }
  return { pending, ask };
}

/** Replies go to whoever asked, notices out under the child's name; all on this process's clock. */
function listener(
  agent: Agent,
  name: string,
  { pending, ask }: OpenQuestions,
  onHello: (hello: HelloNotice) => void,
): (messages: FromChild) => void {
  const { send } = agent.outbox;
  let aheadNs = 0;

  async function greet(hello: HelloNotice): Promise<void> {
    aheadNs = await compareClocks(agent.clock, hello, ask);
    send({ ...earlier(hello, aheadNs), process: name });
    onHello(hello);
  }

  return (messages) => {
    for (const message of messages) {
      if ("re" in message) {
        pending.get(message.re)?.settle(earlier(message, aheadNs));
        pending.delete(message.re);
      } else if (message.notice === "hello") void greet(message);
      else send({ ...earlier(message, aheadNs), process: name });
    }
  };
}

function unanswered(agent: Agent, name: string, { id, call, startedAt }: Asked, exit: Answer<"kill">): Reply {
  const message = `Child agent "${name}" exited with ${describe(exit)} before answering "${call}".`;
  return { re: id, startedAt, at: agent.clock.now(), error: { code: "CHILD_EXITED", message } };
}

/** The channel may still hold messages when the process is gone: its end comes after them. */
function exitOf(process: ChildProcess): Promise<Answer<"kill">> {
  const disconnected = new Promise<void>((resolve) => process.once("disconnect", resolve));
  const ended = new Promise<Answer<"kill">>((resolve) => {
    process.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return Promise.all([ended, disconnected]).then(([exit]) => exit);
}

/** By pid: Deno's ChildProcess takes only one signal. */
export function sendSignal({ process: { pid } }: Child, signal: string): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it is gone already, which is about to be announced.
    if (!(error instanceof Error) || codeOf(error) !== "ESRCH") throw error;
  }
}

export function describe({ exitCode, signal }: Answer<"kill">): string {
  return signal === null ? `code ${exitCode}` : signal;
}
