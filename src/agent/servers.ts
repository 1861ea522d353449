import { createServer, type ListenOptions, type ServerOpts, type Socket } from "node:net";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf, HeldServer } from "./agent.ts";
import { codeOf, Refusal } from "./refusal.ts";
import { addressesOf, holdSocket, readingFrom } from "./socket.ts";

export function serverCalls(agent: Agent): HandlersOf<"listen" | "closeServer"> {
  return {
    listen: (parameters) => listen(agent, parameters),
    closeServer: ({ server }) => closeServer(agent, server),
  };
}

function listen(agent: Agent, parameters: Parameters<"listen">): Promise<Answer<"listen">> {
  const { server: name, address, port, backlog, ipv6Only, reading, quiet = false, endsFirst, ...options } = parameters;
  const server = createServer(options satisfies ServerOpts);
  const where: ListenOptions = { host: address, port };
  if (backlog !== undefined) where.backlog = backlog;
  if (ipv6Only !== undefined) where.ipv6Only = ipv6Only;
  if (endsFirst) server.on("connection", (socket) => socket.end());
  return openServer(agent, { name, server, reading: readingFrom(reading), quiet }, where);
}

/** Puts a server of whatever kind under its name and has it listen. */
export function openServer(
  agent: Agent,
  identity: Pick<HeldServer, "name" | "server" | "reading" | "quiet">,
  where: ListenOptions,
): Promise<Answer<"listen">> {
  const { name, server } = identity;
  const known = agent.servers.get(name);
  if (known?.server.listening) throw new Refusal("BAD_PARAMETER", `There is a listening server "${name}" already.`);
  // Sockets of an earlier server of this name may still be there: the count goes on.
  const held: HeldServer = { ...identity, accepted: known?.accepted ?? 0, released: false };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      agent.servers.set(name, held);
      reportServer(agent, held);
      const bound = server.address();
      if (bound === null || typeof bound === "string") reject(new Refusal("ERROR", `Server "${name}" has no address.`));
      else resolve({ address: bound.address, port: bound.port });
    });
  });
}

function reportServer(agent: Agent, held: HeldServer): void {
  const { name, server } = held;
  const tell = (event: "close" | "error" | "drop", code?: string) => {
    const at = agent.clock.now();
    if (held.released) return;
    agent.outbox.send({ notice: "server", at, server: name, event, ...(code === undefined ? {} : { code }) });
  };
  server.on("connection", (socket) => accept(agent, held, socket));
  server.on("close", () => tell("close"));
  server.on("drop", () => tell("drop"));
  // EMFILE comes here; the server goes on listening.
  server.on("error", (error) => tell("error", codeOf(error)));
}

function accept(agent: Agent, held: HeldServer, socket: Socket): void {
  const at = agent.clock.now();
  if (held.released) {
    socket.destroy();
    return;
  }
  held.accepted += 1;
  const name = `${held.name}/${held.accepted}`;
  if (held.quiet) {
    holdSocket(agent, name, socket, held.reading).released = true;
    return;
  }
  agent.outbox.send({ notice: "connection", at, server: held.name, socket: name, ...addressesOf(socket) });
  holdSocket(agent, name, socket, held.reading);
}

function closeServer(agent: Agent, name: string): Record<string, never> {
  const held = agent.servers.get(name);
  if (held === undefined) throw new Refusal("NO_SUCH_SERVER", `There is no server "${name}" in this process.`);
  if (!held.server.listening) throw new Refusal("ERR_SERVER_NOT_RUNNING", `Server "${name}" is not listening.`);
  held.server.close();
  return {};
}
