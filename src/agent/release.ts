import type { Socket } from "node:net";
import type { Agent, HandlersOf } from "./agent.ts";
import { sendSignal } from "./child.ts";
import { endPrograms } from "./programs.ts";

export function releaseCall(agent: Agent): HandlersOf<"release"> {
  return { release: ({ prefix }) => release(agent, prefix) };
}

async function release(agent: Agent, prefix: string): Promise<Record<string, never>> {
  // Node cannot reset a socket in the turn in which end() shut it down.
  await new Promise((resolve) => setImmediate(resolve));
  closeAll(agent, prefix);
  const ended = [...agent.children.values()].filter(({ name }) => name.startsWith(prefix));
  for (const child of ended) sendSignal(child, "SIGKILL");
  await Promise.all(ended.map(({ exited }) => exited));
  return {};
}

/** Everything at once, children too, without waiting: the process ends next. */
export function abandon(agent: Agent): void {
  for (const child of agent.children.values()) sendSignal(child, "SIGKILL");
  closeAll(agent, "");
}

function closeAll(agent: Agent, prefix: string): void {
  endPrograms(agent, prefix);
  for (const [name, held] of agent.servers) {
    if (!name.startsWith(prefix)) continue;
    held.released = true;
    held.server.close();
    agent.servers.delete(name);
  }
  for (const [name, held] of agent.sockets) {
    if (!name.startsWith(prefix)) continue;
    held.released = true;
    dropConnection(held.socket);
    agent.sockets.delete(name);
  }
}

/** By reset, so that no TIME-WAIT stays behind; Node defers a reset until the connection is there, so an attempt is destroyed. */
function dropConnection(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || typeof socket.resetAndDestroy !== "function") socket.destroy();
  else socket.resetAndDestroy();
}
