import type { Agent, HandlersOf } from "./agent.ts";

export function blockCall(agent: Agent): HandlersOf<"block"> {
  return { block: ({ ms }) => block(agent, ms) };
}

async function block(agent: Agent, ms: number): Promise<Record<string, never>> {
  agent.outbox.send({ notice: "blocked", at: agent.clock.now(), ms });
  // The harness is to know that the loop is blocked while it is.
  await agent.outbox.flush();
  const until = agent.clock.now() + ms * 1e6;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  } catch {
    // A runtime whose main thread may not wait is kept busy by the loop below.
  }
  while (agent.clock.now() < until);
  return {};
}
