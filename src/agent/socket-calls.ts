import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import type { Parameters, SocketCall, SocketInspection } from "../protocol/messages.ts";
import { patternViews } from "../protocol/payload.ts";
import type { Agent, HandlersOf, HeldSocket } from "./agent.ts";
import { codeOf, Refusal } from "./refusal.ts";
import { unsupported } from "./runtime.ts";
import { holdSocket, readingFrom, receive, report, socketNamed } from "./socket.ts";

export function socketCalls(agent: Agent): HandlersOf<Exclude<SocketCall, "give">> {
  const named = (name: string) => socketNamed(agent, name);
  const simply = (act: (socket: Socket) => void) => (parameters: { readonly socket: string }) => {
    act(named(parameters.socket).socket);
    return {};
  };
  return {
    connect: (parameters) => openSocket(agent, parameters),
    write: ({ socket, bytes }) => write(agent, named(socket), bytes),
    say: ({ socket, text }) => {
      named(socket).socket.write(text);
      return {};
    },
    end: ({ socket, bytes }) => end(named(socket), bytes),
    destroy: simply((socket) => socket.destroy()),
    destroySoon: simply((socket) => socket.destroySoon()),
    resetAndDestroy: simply(reset),
    pause: simply((socket) => socket.pause()),
    resume: simply((socket) => socket.resume()),
    read: ({ socket }) => {
      receive(agent, named(socket));
      return {};
    },
    setKeepAlive: ({ socket, enable, initialDelayMs }) => {
      named(socket).socket.setKeepAlive(enable, initialDelayMs);
      return {};
    },
    setNoDelay: ({ socket, enable }) => {
      named(socket).socket.setNoDelay(enable);
      return {};
    },
    setTimeout: ({ socket, ms }) => {
      named(socket).socket.setTimeout(ms);
      return {};
    },
    inspect: ({ socket }) => inspect(named(socket).socket),
  };
}

function openSocket(agent: Agent, parameters: Parameters<"connect">): Record<string, never> {
  const { socket: name, address, port, reading, pauseOnConnect = false, ...options } = parameters;
  const readingMode = readingFrom(reading);
  if (agent.sockets.get(name)?.socket.destroyed === false) {
    throw new Refusal("BAD_PARAMETER", `There is an open socket "${name}" already.`);
  }
  const socket = connect({ ...options, host: address, port } satisfies TcpNetConnectOpts);
  if (pauseOnConnect) socket.pause();
  holdSocket(agent, name, socket, readingMode);
  return {};
}

function write(agent: Agent, held: HeldSocket, bytes: number): { flowing: boolean; writableLength: number } {
  const { socket } = held;
  const total = held.offset + bytes;
  const written = (error?: Error | null) => {
    report(agent, held, { name: "written", total, ...(error ? { error: codeOf(error) } : {}) });
  };
  const flowing = writeViews(held, bytes, (view) => socket.write(view, written));
  return { flowing, writableLength: socket.writableLength };
}

function end(held: HeldSocket, bytes: number | undefined): Record<string, never> {
  const { socket } = held;
  if (bytes === undefined) socket.end();
  else writeViews(held, bytes, (view) => socket.end(view));
  return {};
}

/** A large write is one of many views of the same memory, corked, so that it still leaves in one writev. */
function writeViews<T>(held: HeldSocket, bytes: number, writeLast: (view: Uint8Array) => T): T {
  const { socket } = held;
  const views = [...patternViews(held.offset, bytes)];
  const last = views.pop() ?? new Uint8Array();
  held.offset += bytes;
  if (views.length === 0) return writeLast(last);
  socket.cork();
  for (const view of views) socket.write(view);
  const result = writeLast(last);
  socket.uncork();
  return result;
}

function reset(socket: Socket): void {
  if (typeof socket.resetAndDestroy !== "function") throw unsupported("socket.resetAndDestroy()");
  socket.resetAndDestroy();
}

function inspect(socket: Socket): SocketInspection {
  return {
    readyState: socket.readyState,
    destroyed: socket.destroyed,
    readable: socket.readable,
    writable: socket.writable,
    readableEnded: socket.readableEnded,
    writableEnded: socket.writableEnded,
    writableFinished: socket.writableFinished,
    bytesRead: socket.bytesRead,
    // Undefined in Node once the socket has no handle and never wrote.
    bytesWritten: socket.bytesWritten ?? 0,
    readableLength: socket.readableLength,
    writableLength: socket.writableLength,
  };
}
