/** The eleven connection states, spelled as in RFC 9293 §3.3.2. CLOSED is the absence of a connection block. */
export const tcpStates = [
  "LISTEN",
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSE-WAIT",
  "CLOSING",
  "LAST-ACK",
  "TIME-WAIT",
  "CLOSED",
] as const;

/** A connection's state by its name in RFC 9293: "FIN-WAIT-1". */
export type TcpState = (typeof tcpStates)[number];
