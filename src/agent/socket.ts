import type { Socket } from "node:net";
import type { Reading } from "../protocol/calls.ts";
import type { Address, SocketEvent } from "../protocol/messages.ts";
import type { Agent, HeldSocket } from "./agent.ts";
import { countReceived } from "./received.ts";
import { codeOf, Refusal } from "./refusal.ts";

export function readingFrom(text: string | undefined): Reading {
  if (text === undefined || text === "flow") return "flow";
  if (text === "none") return "none";
  throw new Refusal("BAD_PARAMETER", `Parameter "reading" is "flow" or "none", not "${text}".`);
}

export function holdSocket(agent: Agent, name: string, socket: Socket, reading: Reading): HeldSocket {
  const held: HeldSocket = { name, socket, reading: "none", offset: 0, received: countReceived(), released: false };
  agent.sockets.set(name, held);
  const { received } = held;
  const ended = () => ({ total: received.total, sha256: received.sha256() });
  const tell = (event: SocketEvent, at = agent.clock.now()) => report(agent, held, event, at);

  socket.on("connect", () => tell({ name: "connect", ...addressesOf(socket) }));
  socket.on("end", () => tell({ name: "end", ...ended() }));
  socket.on("finish", () => tell({ name: "finish" }));
  socket.on("drain", () => tell({ name: "drain" }));
  socket.on("timeout", () => tell({ name: "timeout" }));
  socket.on("error", (error) => tell({ name: "error", code: codeOf(error), message: error.message }));
  socket.on("close", (hadError) => {
    const at = agent.clock.now();
    tell({ name: "close", hadError: hadError === true, ...ended() }, at);
  });
  if (reading === "flow") receive(agent, held);
  return held;
}

/** Attaches the 'data' listener: Node starts the flow, unless the socket was paused by name. */
export function receive(agent: Agent, held: HeldSocket): void {
  if (held.reading === "flow") return;
  held.reading = "flow";
  held.socket.on("data", (chunk: Uint8Array) => {
    const at = agent.clock.now();
    held.received.add(chunk);
    report(agent, held, { name: "data", bytes: chunk.length, total: held.received.total }, at);
  });
}

export function report(agent: Agent, held: HeldSocket, event: SocketEvent, at: number = agent.clock.now()): void {
  if (!held.released) agent.outbox.send({ notice: "socket", at, socket: held.name, event });
}

/** Empty and 0 where the runtime knows none: a peer that is gone before the connection was accepted. */
export function addressesOf(socket: Socket): { local: Address; peer: Address } {
  return {
    local: { address: socket.localAddress ?? "", port: socket.localPort ?? 0 },
    peer: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
  };
}

export function socketNamed(agent: Agent, name: string): HeldSocket {
  const held = agent.sockets.get(name);
  if (held === undefined) throw new Refusal("NO_SUCH_SOCKET", `There is no socket "${name}" in this process.`);
  return held;
}
