import { connect, Socket, type TcpNetConnectOpts } from "node:net";
import { defined } from "../model/defined.ts";
import type { Answer, Parameters, RemoteError } from "../protocol/messages.ts";
import type { Agent, HandlersOf } from "./agent.ts";
import { Refusal, remoteError } from "./refusal.ts";
import { unsupported } from "./runtime.ts";
import { holdSocket } from "./socket.ts";

type Closing = "end" | "reset" | "peer";

export function openAndCloseCall(agent: Agent): HandlersOf<"openAndClose"> {
  return { openAndClose: (parameters) => openAndClose(agent, parameters) };
}

async function openAndClose(agent: Agent, parameters: Parameters<"openAndClose">): Promise<Answer<"openAndClose">> {
  const { client, address, port, count, atOnce = 1, localAddress, firstPort } = parameters;
  const closing = closingFrom(parameters.closing);
  let begun = 0;
  let opened = 0;
  let error: RemoteError | undefined;
  async function openInTurn(lane: number): Promise<void> {
    while (begun < count && error === undefined) {
      const localPort = firstPort === undefined ? undefined : firstPort + begun;
      begun += 1;
      const options: TcpNetConnectOpts = { host: address, port, ...defined({ localAddress, localPort }) };
      const socket = connect(options);
      // One name for all of a lane, which has one at a time: it is there for the release.
      holdSocket(agent, `${client}/${lane}`, socket, "flow").released = true;
      const failure = await lifeOf(socket, closing);
      if (failure === undefined) opened += 1;
      else error ??= remoteError(failure);
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, (_, lane) => openInTurn(lane)));
  return { opened, ...defined({ error }) };
}

/** Resolves when the socket is closed, with what went wrong. */
function lifeOf(socket: Socket, closing: Closing): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let failure: Error | undefined;
    socket.on("connect", () => {
      if (closing === "end") socket.end();
      else if (closing === "reset") socket.resetAndDestroy();
    });
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("close", () => resolve(failure));
  });
}

function closingFrom(text = "end"): Closing {
  if (text === "reset" && !("resetAndDestroy" in Socket.prototype)) throw unsupported("socket.resetAndDestroy()");
  if (text === "end" || text === "reset" || text === "peer") return text;
  throw new Refusal("BAD_PARAMETER", `Parameter "closing" is "end", "reset" or "peer", not "${text}".`);
}
