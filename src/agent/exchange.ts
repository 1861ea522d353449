import { connect } from "node:net";
import type { Answer, Parameters } from "../protocol/messages.ts";
import type { Agent, HandlersOf } from "./agent.ts";
import { codeOf } from "./refusal.ts";

const keptBytes = 4096;
/** Whoever sends so much will go on. */
const enoughBytes = 65_536;

export function exchangeCall(agent: Agent): HandlersOf<"exchange"> {
  return { exchange: (parameters) => exchange(agent, parameters) };
}

function exchange({ clock }: Agent, parameters: Parameters<"exchange">): Promise<Answer<"exchange">> {
  const { address, port, localPort, text, quietMs, withinMs } = parameters;
  const startedAt = clock.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, ...(localPort === undefined ? {} : { localPort }) });
    const heard = { isConnected: false, received: "", total: 0, isEnded: false };
    let lastAt = startedAt;
    let code: string | undefined;
    let quiet: NodeJS.Timeout | undefined;
    const answer = () => {
      clearTimeout(deadline);
      clearTimeout(quiet);
      // Whoever sends on is answered by a reset, as by any client that has gone.
      socket.destroy();
      resolve({ ...heard, tookMs: (lastAt - startedAt) / 1e6, ...(code === undefined ? {} : { code }) });
    };
    const deadline = setTimeout(answer, withinMs);
    socket.on("connect", () => {
      heard.isConnected = true;
      if (text !== "") socket.write(text);
    });
    socket.on("data", (chunk: Uint8Array) => {
      lastAt = clock.now();
      heard.total += chunk.length;
      heard.received = (heard.received + Buffer.from(chunk).toString("latin1")).slice(0, keptBytes);
      clearTimeout(quiet);
      if (heard.total >= enoughBytes) answer();
      else quiet = setTimeout(answer, quietMs);
    });
    socket.on("end", () => {
      heard.isEnded = true;
    });
    socket.on("error", (error) => {
      code = codeOf(error);
    });
    socket.on("close", answer);
  });
}
