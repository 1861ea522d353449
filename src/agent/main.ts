import { Socket } from "node:net";
import { clockFrom } from "../model/time.ts";
import { protocolVersion } from "../protocol/messages.ts";
import type { Agent } from "./agent.ts";
import { answerer } from "./answer.ts";
import type { ToChild } from "./channel.ts";
import { takeSocket } from "./give.ts";
import { type Deliver, openOutbox } from "./outbox.ts";
import { endPrograms } from "./programs.ts";
import { remoteError } from "./refusal.ts";
import { abandon } from "./release.ts";
import { killRunning } from "./run.ts";
import { builtin, runtime, unsupported } from "./runtime.ts";
import { deliverToStdout, listenToStdin } from "./stdio.ts";

const usage = "Usage: agent.mjs --epoch <a value of process.hrtime.bigint()>. finwait starts it inside a host.\n";

const epoch = process.argv[process.argv.indexOf("--epoch") + 1];
if (epoch === undefined || !/^\d+$/.test(epoch)) {
  process.stderr.write(usage);
  process.exit(2);
}
surviveErrors();
if (process.argv.includes("--child")) startChild(epoch);
else startHostAgent(epoch);

function startHostAgent(epoch: string): void {
  const end = () => {
    killRunning();
    abandon(agent);
    process.exit(0);
  };
  const agent = openAgent(epoch, deliverToStdout(end));
  const answer = answerer(agent, "host");
  process.on("SIGTERM", end);
  listenToStdin({
    request: answer,
    objection: (objection) => {
      const at = agent.clock.now();
      agent.outbox.send("re" in objection ? { ...objection, startedAt: at, at } : { ...objection, at });
    },
    end,
  });
  setImmediate(() => [builtin.childProcess(), builtin.crypto()]);
}

function startChild(epoch: string): void {
  const agent = openAgent(epoch, (messages, done) => process.send?.(messages, done));
  const answer = answerer(agent, "child");
  process.on("message", (message: ToChild, handle: unknown) => {
    if (message.kind === "request") answer(message.request);
    else adopt(agent, message, handle);
  });
  process.on("disconnect", () => {
    killRunning();
    endPrograms(agent, "");
    process.exit(0);
  });
  setImmediate(() => builtin.crypto());
}

function openAgent(epoch: string, deliver: Deliver): Agent {
  const clock = clockFrom(BigInt(epoch));
  const outbox = openOutbox(deliver);
  outbox.send({ notice: "hello", at: clock.now(), protocol: protocolVersion, pid: process.pid, runtime });
  void outbox.flush();
  return { clock, outbox, epoch, sockets: new Map(), servers: new Map(), children: new Map(), programs: new Map() };
}

function adopt(agent: Agent, message: Extract<ToChild, { kind: "adopt" }>, handle: unknown): void {
  const startedAt = agent.clock.now();
  const re = message.request;
  try {
    if (!(handle instanceof Socket)) throw unsupported("passing of sockets to a child process");
    takeSocket(agent, message, handle);
    agent.outbox.send({ re, startedAt, at: agent.clock.now(), ok: {} });
  } catch (error) {
    agent.outbox.send({ re, startedAt, at: agent.clock.now(), error: remoteError(error) });
  }
}

/** A fault in one experiment must not end the others of this host: it is told on stderr. */
function surviveErrors(): void {
  const tell = (error: unknown) => {
    process.stderr.write(`finwait agent: ${error instanceof Error ? error.stack : String(error)}\n`);
  };
  process.stderr.on("error", () => {});
  process.on("uncaughtException", tell);
  process.on("unhandledRejection", tell);
  // Ctrl-C reaches the whole process group; the harness, which gets it too, ends its agents in order.
  process.on("SIGINT", () => {});
}
