import type { Socket } from "node:net";
import type { Parameters, Reply } from "../protocol/messages.ts";
import type { Agent, Child } from "./agent.ts";
import { ownId, type ToChild } from "./channel.ts";
import { Refusal } from "./refusal.ts";
import { addressesOf, holdSocket, socketNamed } from "./socket.ts";

/** The parent's side: sends the handle and waits until the child holds it. */
export function giveSocket(agent: Agent, child: Child, parameters: Parameters<"give">): Promise<Record<string, never>> {
  const { socket: name, keepOpen } = parameters;
  const { socket, reading, offset } = socketNamed(agent, name);
  if (socket.destroyed || socket.connecting) {
    throw new Refusal("ERR_SOCKET_CLOSED", `Socket "${name}" is ${socket.readyState}: there is no connection to give.`);
  }
  const { allowHalfOpen } = socket;
  stopReading(socket);
  const id = ownId();
  const message: ToChild = { kind: "adopt", request: id, socket: name, reading, allowHalfOpen, offset };
  return new Promise((resolve, reject) => {
    const settle = (reply: Reply) => {
      if ("error" in reply) return reject(new Refusal(reply.error.code, reply.error.message));
      if (!keepOpen) agent.sockets.delete(name);
      resolve({});
    };
    child.ask({ id, call: "give", message, handle: { socket, keepOpen }, settle });
  });
}

/** The child's side. Node has begun to read already; that stops within the same turn, before anything was read. */
export function takeSocket(agent: Agent, message: Extract<ToChild, { kind: "adopt" }>, socket: Socket): void {
  const at = agent.clock.now();
  stopReading(socket);
  // A received socket answers the peer's end with its own unless told otherwise here.
  socket.allowHalfOpen = message.allowHalfOpen;
  const { socket: name, reading, offset } = message;
  agent.outbox.send({ notice: "connection", at, server: "", socket: name, ...addressesOf(socket) });
  const held = holdSocket(agent, name, socket, reading);
  held.offset = offset;
  if (reading === "flow") socket.resume();
}

/** pause() alone leaves the handle reading ahead, which would take the bytes from the other process. */
function stopReading(socket: Socket): void {
  socket.pause();
  const handle = handleOf(socket);
  if (handle?.readStop === undefined || handle.readStart === undefined) {
    handle?.pause?.();
    return;
  }
  handle.readStop();
  handle.reading = false;
  // The stream believes that a read is under way, so resume() alone would not begin one.
  socket.once("resume", () => {
    if (handle.reading || handleOf(socket) !== handle) return;
    handle.reading = true;
    handle.readStart?.();
  });
}

/** What stops a handle from reading: Node and Deno have the first three, Bun the last. */
interface Handle {
  reading?: boolean;
  readStart?(): void;
  readStop?(): void;
  pause?(): void;
}

function handleOf(socket: Socket): Handle | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  return typeof handle === "object" && handle !== null ? handle : undefined;
}
