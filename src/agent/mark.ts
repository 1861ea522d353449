import type { Socket } from "node:dgram";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf } from "./agent.ts";
import { builtin } from "./runtime.ts";

const loopback = "127.0.0.1";

export function markCall(agent: Agent): HandlersOf<"mark"> {
  let bound: Promise<Socket> | undefined;
  return {
    async mark({ port, text }: Parameters<"mark">): Promise<Answer<"mark">> {
      bound ??= bind();
      const socket = await bound;
      const startedAt = agent.clock.now();
      // Not connected: that nobody listens there would come back as the next send's error.
      socket.send(text, port, loopback, () => {});
      return { startedAt, endedAt: agent.clock.now() };
    },
  };
}

/** Bound, and with no name to look up, it sends within the call: no turn of the event loop lies between. */
function bind(): Promise<Socket> {
  const lookup = (_name: string, _options: object, done: (error: null, address: string, family: number) => void) =>
    done(null, loopback, 4);
  const socket = builtin.dgram().createSocket({ type: "udp4", lookup });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, loopback, () => resolve(socket));
  });
}
