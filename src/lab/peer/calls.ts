import { FinwaitError } from "../../model/errors.ts";
import { monoNs } from "../../model/time.ts";
import type { EndpointIdentity } from "../identity.ts";
import type { PeerAnswer, PeerConversation } from "./conversation.ts";

/** One call as it is asked, as it is told (`send("a", MSG_OOB)`), and how long it may take. */
export interface PeerCall {
  readonly verb: string;
  readonly words: readonly (string | number)[];
  readonly shown: string;
  readonly withinMs: number;
}

/** Makes a call of an endpoint and records it, failed or not. @throws FINWAIT_CALL_FAILED, FINWAIT_DEADLINE_MISSED. */
export async function callPeer(
  conversation: PeerConversation,
  endpoint: EndpointIdentity,
  { verb, words, shown, withinMs }: PeerCall,
): Promise<PeerAnswer> {
  const answer = await conversation.ask(verb, words, `${endpoint.name}'s ${shown} to return`, withinMs);
  const { errno } = answer;
  if (errno === undefined) {
    conversation.story.call(endpoint, shown, answer.askedAt);
    return answer;
  }
  const message = `${shown} on ${endpoint.name} failed with ${errno}`;
  conversation.story.call(endpoint, shown, answer.askedAt, { code: errno, message });
  throw new FinwaitError("FINWAIT_CALL_FAILED", `${message}.`);
}

/** Records what a call brought to light, under the call's own name: `recv`, `accept`, `connect`. */
export function tellEvent(
  conversation: PeerConversation,
  endpoint: EndpointIdentity,
  event: string,
  at: number,
  detail: Readonly<Record<string, string | number | boolean>>,
): void {
  const { host, name } = endpoint;
  conversation.story.facts.push({ kind: "event", at: monoNs(at), host: host.name, endpoint: name, event, detail });
}
