import { type TcpState, tcpStates } from "./state.ts";

/** What moves a connection from one state to another. "ACK of FIN" and "ACK of SYN" are of this side's own FIN and SYN. */
export type Cause =
  | "passive OPEN"
  | "active OPEN"
  | "SEND"
  | "CLOSE"
  | "CLOSE with unread data"
  | "ABORT"
  | "rcv SYN"
  | "rcv SYN,ACK"
  | "rcv ACK of SYN"
  | "rcv FIN"
  | "rcv FIN with ACK of FIN"
  | "rcv ACK of FIN"
  | "rcv RST"
  | "2MSL timeout"
  | "user timeout"
  | "retransmissions exceed R2"
  | "keep-alives unanswered"
  | "network unreachable"
  | "orphan timeout"
  | "no TIME-WAIT bucket"
  | "four-tuple reused";

/** Who says that the arrow exists: the figure itself, its notes, the text of RFC 9293, or Linux where the RFC leaves room. */
export type Law =
  | "RFC 9293 §3.3.2 Figure 5"
  | "RFC 9293 §3.3.2 note 2"
  | `RFC 9293 §${string}`
  | `RFC 6191 §${string}`
  | `Linux ${string}`;

/** One arrow of the connection state diagram. */
export interface Transition {
  readonly from: TcpState;
  readonly to: TcpState;
  readonly on: Cause;
  readonly sends?: "SYN" | "SYN,ACK" | "ACK" | "FIN" | "RST";
  /** The arrow exists only for a connection that was opened this way (RFC 9293 §3.3.2 note 1). */
  readonly onlyAfter?: "passive OPEN";
  readonly law: Law;
}

const figure5 = "RFC 9293 §3.3.2 Figure 5";

const drawn: readonly Transition[] = [
  { from: "CLOSED", to: "LISTEN", on: "passive OPEN", law: figure5 },
  { from: "CLOSED", to: "SYN-SENT", on: "active OPEN", sends: "SYN", law: figure5 },
  { from: "LISTEN", to: "SYN-RECEIVED", on: "rcv SYN", sends: "SYN,ACK", law: figure5 },
  { from: "LISTEN", to: "SYN-SENT", on: "SEND", sends: "SYN", law: figure5 },
  { from: "LISTEN", to: "CLOSED", on: "CLOSE", law: figure5 },
  { from: "SYN-SENT", to: "ESTABLISHED", on: "rcv SYN,ACK", sends: "ACK", law: figure5 },
  { from: "SYN-SENT", to: "SYN-RECEIVED", on: "rcv SYN", sends: "SYN,ACK", law: figure5 },
  { from: "SYN-SENT", to: "CLOSED", on: "CLOSE", law: figure5 },
  { from: "SYN-RECEIVED", to: "ESTABLISHED", on: "rcv ACK of SYN", law: figure5 },
  { from: "SYN-RECEIVED", to: "FIN-WAIT-1", on: "CLOSE", sends: "FIN", law: figure5 },
  { from: "SYN-RECEIVED", to: "LISTEN", on: "rcv RST", onlyAfter: "passive OPEN", law: figure5 },
  { from: "ESTABLISHED", to: "FIN-WAIT-1", on: "CLOSE", sends: "FIN", law: figure5 },
  { from: "ESTABLISHED", to: "CLOSE-WAIT", on: "rcv FIN", sends: "ACK", law: figure5 },
  { from: "FIN-WAIT-1", to: "FIN-WAIT-2", on: "rcv ACK of FIN", law: figure5 },
  { from: "FIN-WAIT-1", to: "CLOSING", on: "rcv FIN", sends: "ACK", law: figure5 },
  { from: "FIN-WAIT-2", to: "TIME-WAIT", on: "rcv FIN", sends: "ACK", law: figure5 },
  { from: "CLOSING", to: "TIME-WAIT", on: "rcv ACK of FIN", law: figure5 },
  { from: "TIME-WAIT", to: "CLOSED", on: "2MSL timeout", law: figure5 },
  { from: "CLOSE-WAIT", to: "LAST-ACK", on: "CLOSE", sends: "FIN", law: figure5 },
  { from: "LAST-ACK", to: "CLOSED", on: "rcv ACK of FIN", law: figure5 },
];

/** The same move out of several states. */
function each(
  states: readonly TcpState[],
  to: TcpState,
  on: Cause,
  law: Law,
  sends?: NonNullable<Transition["sends"]>,
): Transition[] {
  return states.map((from) => ({ from, to, on, ...(sends === undefined ? {} : { sends }), law }));
}

// Note 3 also has the sender of a RST enter TIME-WAIT, from any state. Linux does not, and with that arrow hardly any
// pair of states could be called impossible; it is left out on purpose. So is the SYN that reopens a TIME-WAIT: the
// connection it begins is another one. Erratum 8710: a SYN returns SYN-RECEIVED to LISTEN as a RST does.
const told: readonly Transition[] = [
  {
    from: "FIN-WAIT-1",
    to: "TIME-WAIT",
    on: "rcv FIN with ACK of FIN",
    sends: "ACK",
    law: "RFC 9293 §3.3.2 note 2",
  },
  {
    from: "SYN-RECEIVED",
    to: "LISTEN",
    on: "rcv SYN",
    onlyAfter: "passive OPEN",
    law: "RFC 9293 §3.10.7.4 fourth check",
  },
  { from: "SYN-RECEIVED", to: "CLOSE-WAIT", on: "rcv FIN", sends: "ACK", law: "RFC 9293 §3.10.7.4 eighth check" },
  ...each(["SYN-SENT"], "CLOSED", "rcv RST", "RFC 9293 §3.10.7.3 second check"),
  ...each(
    ["SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"],
    "CLOSED",
    "rcv RST",
    "RFC 9293 §3.10.7.4 second check",
  ),
  ...each(
    ["SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"],
    "CLOSED",
    "ABORT",
    "RFC 9293 §3.10.5",
    "RST",
  ),
  ...each(["LISTEN", "SYN-SENT", "CLOSING", "LAST-ACK", "TIME-WAIT"], "CLOSED", "ABORT", "RFC 9293 §3.10.5"),
  ...each(
    ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"],
    "CLOSED",
    "CLOSE with unread data",
    "RFC 9293 §3.6.1",
    "RST",
  ),
  ...each(
    ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK"],
    "CLOSED",
    "user timeout",
    "RFC 9293 §3.10.8",
  ),
  ...each(
    ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "CLOSE-WAIT", "CLOSING", "LAST-ACK"],
    "CLOSED",
    "retransmissions exceed R2",
    "RFC 9293 §3.8.3",
  ),
  ...each(["ESTABLISHED", "FIN-WAIT-2", "CLOSE-WAIT"], "CLOSED", "keep-alives unanswered", "RFC 9293 §3.8.4"),
  ...each(["SYN-SENT"], "CLOSED", "network unreachable", "RFC 9293 §3.9.2.2"),
  ...each(["FIN-WAIT-2"], "CLOSED", "orphan timeout", "Linux tcp_fin_timeout"),
  ...each(["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING"], "CLOSED", "no TIME-WAIT bucket", "Linux tcp_max_tw_buckets"),
  ...each(["TIME-WAIT"], "CLOSED", "four-tuple reused", "RFC 6191 §2"),
];

/** Every arrow of RFC 9293's connection state diagram, those of the figure first, then those its notes and the text add. */
export const transitions: readonly Transition[] = [...drawn, ...told];

/** The arrow between two states, the figure's own where several exist. */
export function directTransition(from: TcpState, to: TcpState): Transition | undefined {
  return transitions.find((transition) => transition.from === from && transition.to === to);
}

/**
 * The fewest arrows, at least one, that lead one connection from a state to another, or undefined when none do. A path
 * does not run through CLOSED or LISTEN: what comes after them is another connection.
 */
export function shortestPath(from: TcpState, to: TcpState): readonly Transition[] | undefined {
  const reachedBy = new Map<TcpState, readonly Transition[]>();
  const queue: { readonly state: TcpState; readonly path: readonly Transition[] }[] = [{ state: from, path: [] }];
  for (const { state, path } of queue) {
    for (const transition of transitions) {
      if (transition.from !== state || reachedBy.has(transition.to)) continue;
      if (transition.onlyAfter !== undefined && from === "SYN-SENT") continue;
      const longer = [...path, transition];
      reachedBy.set(transition.to, longer);
      if (transition.to !== "CLOSED" && transition.to !== "LISTEN") queue.push({ state: transition.to, path: longer });
    }
  }
  return reachedBy.get(to);
}

const reachable: ReadonlySet<string> = new Set(
  tcpStates.flatMap((from) => tcpStates.filter((to) => shortestPath(from, to)).map((to) => `${from} ${to}`)),
);

/** Whether one connection can be seen in `from` and later in `to`, however many states were missed in between. */
export function isReachable(from: TcpState, to: TcpState): boolean {
  return reachable.has(`${from} ${to}`);
}
