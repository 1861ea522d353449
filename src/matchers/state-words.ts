import type { TcpState } from "../model/state.ts";

/** Where an end of a connection stands when it is in a state: for somebody who never read a TCP book. */
export const stateWords: Readonly<Record<TcpState, string>> = {
  LISTEN: "it waits for connections",
  "SYN-SENT": "it has asked for a connection and has no answer yet",
  "SYN-RECEIVED": "it has answered a request for a connection, and the answer is not confirmed yet",
  ESTABLISHED: "both sides may send; neither has ended",
  "FIN-WAIT-1": "it has ended its side, and the peer has not acknowledged that yet",
  "FIN-WAIT-2": "it has ended its side, which the peer knows; the peer has not ended and may still send",
  "CLOSE-WAIT": "the peer has ended; this side has not, and may still send",
  CLOSING: "both sides have ended, and its own end is not acknowledged yet",
  "LAST-ACK": "both sides have ended, the peer first, and its own end is not acknowledged yet",
  "TIME-WAIT": "both sides have ended; the kernel remembers the connection for a minute",
  CLOSED: "ss lists no such socket: it is over, or has not begun",
};
