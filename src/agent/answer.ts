import type { Answer, CallName, Request } from "../protocol/messages.ts";
import type { Agent, Handlers } from "./agent.ts";
import { blockCall } from "./block.ts";
import { childCalls, noChildCalls, relay } from "./child-calls.ts";
import { descriptorsCall } from "./descriptors.ts";
import { exchangeCall } from "./exchange.ts";
import { httpCalls } from "./http.ts";
import { markCall } from "./mark.ts";
import { openAndCloseCall } from "./open-and-close.ts";
import { programCalls } from "./programs.ts";
import { remoteError } from "./refusal.ts";
import { releaseCall } from "./release.ts";
import { runCall } from "./run.ts";
import { serverCalls } from "./servers.ts";
import { socketCalls } from "./socket-calls.ts";

/** Carries out requests; each is answered exactly once, what is thrown as an error reply. */
export function answerer(agent: Agent, role: "host" | "child"): (request: Request) => void {
  const handlers: Handlers = {
    ping: () => ({}),
    ...serverCalls(agent),
    ...socketCalls(agent),
    ...openAndCloseCall(agent),
    ...exchangeCall(agent),
    ...httpCalls(agent),
    ...blockCall(agent),
    ...(role === "host" ? childCalls(agent) : noChildCalls()),
    ...descriptorsCall(),
    ...runCall(agent, role),
    ...programCalls(agent),
    ...markCall(agent),
    ...releaseCall(agent),
  };
  return (request) => answer(agent, handlers, request);
}

function answer<C extends CallName>(agent: Agent, handlers: Handlers, request: Request<C>): void {
  const { clock, outbox } = agent;
  const startedAt = clock.now();
  const { id: re, process } = request;
  const refuse = (error: unknown) => outbox.send({ re, startedAt, at: clock.now(), error: remoteError(error) });
  const accept = (ok: Answer<C>) => outbox.send({ re, startedAt, at: clock.now(), ok });
  try {
    const result = process === undefined ? handlers[request.call](request.with) : relay(agent, request, process);
    if (result instanceof Promise) result.then(accept, refuse);
    else if (result !== undefined) accept(result);
  } catch (error) {
    refuse(error);
  }
}
