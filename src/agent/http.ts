import type { AgentOptions, ClientRequest, Agent as HttpAgent, ServerOptions } from "node:http";
import { defined } from "../model/defined.ts";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf } from "./agent.ts";
import { codeOf, Refusal } from "./refusal.ts";
import { builtin } from "./runtime.ts";
import { openServer } from "./servers.ts";
import { holdSocket } from "./socket.ts";

/** An http.Agent under its name, and the number of connections it has opened. */
interface HttpClient {
  readonly agent: HttpAgent;
  connections: number;
}

export function httpCalls(agent: Agent): HandlersOf<"listenHttp" | "requestHttp" | "closeHttp"> {
  const clients = new Map<string, HttpClient>();
  return {
    listenHttp: (parameters) => listenHttp(agent, parameters),
    requestHttp: (parameters) => {
      const known = clients.get(parameters.client) ?? newClient(parameters);
      clients.set(parameters.client, known);
      return requestHttp(agent, known, parameters);
    },
    closeHttp: ({ client }) => {
      const known = clients.get(client);
      if (known === undefined) throw new Refusal("BAD_PARAMETER", `There is no http client "${client}".`);
      known.agent.destroy();
      clients.delete(client);
      return {};
    },
  };
}

function listenHttp(agent: Agent, parameters: Parameters<"listenHttp">): Promise<Answer<"listen">> {
  const { server: name, address, port, quiet = false, maxRequestsPerSocket, timeout, closes, silent } = parameters;
  const { keepAliveTimeout, headersTimeout, requestTimeout, connectionsCheckingInterval } = parameters;
  const options = { keepAliveTimeout, headersTimeout, requestTimeout, connectionsCheckingInterval };
  const server = builtin.http().createServer(defined(options) satisfies ServerOptions, (request, response) => {
    request.resume();
    if (silent) return;
    if (closes) response.setHeader("Connection", "close");
    response.end("finwait\n");
  });
  if (maxRequestsPerSocket !== undefined) server.maxRequestsPerSocket = maxRequestsPerSocket;
  if (timeout !== undefined) server.setTimeout(timeout);
  return openServer(agent, { name, server, reading: "none", quiet }, { host: address, port });
}

function newClient({ keepAlive, maxSockets, maxFreeSockets, timeout }: Parameters<"requestHttp">): HttpClient {
  const options: AgentOptions = defined({ keepAlive, maxSockets, maxFreeSockets, timeout });
  return { agent: new (builtin.http().Agent)(options), connections: 0 };
}

async function requestHttp(
  agent: Agent,
  client: HttpClient,
  parameters: Parameters<"requestHttp">,
): Promise<Answer<"requestHttp">> {
  const { count, atOnce = 1, gapMs = 0 } = parameters;
  const before = client.connections;
  const errors: string[] = [];
  let begun = 0;
  async function requestInTurn(): Promise<void> {
    while (begun < count) {
      if (begun >= atOnce && gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
      begun += 1;
      const error = await answered(newRequest(agent, client, parameters));
      if (error !== undefined) errors.push(codeOf(error));
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, requestInTurn));
  return { answered: count - errors.length, connections: client.connections - before, errors };
}

function newRequest(agent: Agent, client: HttpClient, parameters: Parameters<"requestHttp">): ClientRequest {
  const { client: name, address, port } = parameters;
  const request = builtin.http().get({ host: address, port, agent: client.agent });
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    client.connections += 1;
    holdSocket(agent, `${name}/${client.connections}`, socket, "none").released = true;
  });
  return request;
}

/** Resolves when the request is over, with what went wrong, and its connection is free for the next one. */
function answered(request: ClientRequest): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let failure: Error | undefined;
    request.on("response", (response) => response.resume());
    request.on("error", (error) => {
      failure = error;
    });
    // The Agent gets its connection back right after 'close'.
    request.on("close", () => setImmediate(resolve, failure));
  });
}
