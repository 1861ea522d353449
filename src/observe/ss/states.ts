import type { TcpState } from "../../model/state.ts";

/** A state that ss can be asked for: all but CLOSED, in which there is no connection to list. */
export type AskableState = Exclude<TcpState, "CLOSED">;

/** What ss takes after `state`, by RFC 9293's names. */
export const stateWords: Readonly<Record<AskableState, string>> = {
  LISTEN: "listening",
  "SYN-SENT": "syn-sent",
  "SYN-RECEIVED": "syn-recv",
  ESTABLISHED: "established",
  "FIN-WAIT-1": "fin-wait-1",
  "FIN-WAIT-2": "fin-wait-2",
  "CLOSE-WAIT": "close-wait",
  CLOSING: "closing",
  "LAST-ACK": "last-ack",
  "TIME-WAIT": "time-wait",
};

const printed: ReadonlyMap<string, TcpState> = new Map([
  ["LISTEN", "LISTEN"],
  ["SYN-SENT", "SYN-SENT"],
  ["SYN-RECV", "SYN-RECEIVED"],
  ["ESTAB", "ESTABLISHED"],
  ["FIN-WAIT-1", "FIN-WAIT-1"],
  ["FIN-WAIT-2", "FIN-WAIT-2"],
  ["CLOSE-WAIT", "CLOSE-WAIT"],
  ["CLOSING", "CLOSING"],
  ["LAST-ACK", "LAST-ACK"],
  ["TIME-WAIT", "TIME-WAIT"],
  ["UNCONN", "CLOSED"],
]);

/** The state that ss prints as `word`; undefined for a word that is no state of TCP. */
export function readState(word: string): TcpState | undefined {
  return printed.get(word);
}
