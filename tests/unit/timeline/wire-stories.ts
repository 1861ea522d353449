import type { Fact } from "../../../src/model/fact.ts";
import { call, event, fault, state } from "./facts.ts";
import { kernel, observer, type Pair, pair, segment, segmentsOf, transition } from "./segments.ts";

const captures = [observer("client"), observer("server", { us: 30 })];
const tracepoints = [
  observer("client", { us: 1, observer: "tracepoint" }),
  observer("server", { us: 1, observer: "tracepoint" }),
];

const synOptions = {
  options: { mss: 1460, sackPermitted: true, windowScale: 7 },
  headerBytes: 40,
  window: 64240,
} as const;

/** Three segments, and what both sides' programs and ss say of them. */
export function handshake(of: Pair = pair): readonly Fact[] {
  const sent = segmentsOf(of);
  return [
    call(0, "client", "connect"),
    sent(0.2, "client", "SYN", synOptions),
    sent(0.26, "server", "SYN,ACK", { ack: 1, ...synOptions, window: 65160 }),
    sent(0.31, "client", "ACK", { seq: 1, ack: 1 }),
    event(0.7, "client", "connect"),
    event(0.8, "server", "connection"),
    state(4, "client", "ESTABLISHED", { label: "open", uncertaintyMs: 1, row: { local: of.client.address } }),
    state(4.01, "server", "ESTABLISHED", { label: "open", uncertaintyMs: 1, row: { local: of.server.address } }),
  ];
}

/** A request, its answer, and an orderly close that the client begins. */
export function request(of: Pair = pair): readonly Fact[] {
  const sent = segmentsOf(of);
  return [
    ...handshake(of),
    call(6, "client", "write"),
    sent(6.1, "client", "PSH,ACK", { seq: 1, ack: 1, len: 100 }),
    sent(6.15, "server", "ACK", { seq: 1, ack: 101 }),
    event(6.4, "server", "data", { total: 100 }),
    call(8, "server", "write"),
    sent(8.1, "server", "PSH,ACK", { seq: 1, ack: 101, len: 20 }),
    sent(8.15, "client", "ACK", { seq: 101, ack: 21 }),
    event(8.4, "client", "data", { total: 20 }),
    call(10, "client", "end"),
    sent(10.1, "client", "FIN,ACK", { seq: 101, ack: 21 }),
    sent(10.15, "server", "ACK", { seq: 21, ack: 102 }),
    event(10.4, "server", "end"),
    state(14.02, "client", "FIN-WAIT-2", { label: "half-closed", uncertaintyMs: 1, row: { local: of.client.address } }),
    state(14.03, "server", "CLOSE-WAIT", { label: "half-closed", uncertaintyMs: 1, row: { local: of.server.address } }),
    call(20, "server", "end"),
    sent(20.1, "server", "FIN,ACK", { seq: 21, ack: 102 }),
    sent(20.15, "client", "ACK", { seq: 102, ack: 22 }),
    event(20.4, "client", "end"),
    event(20.5, "client", "close"),
    event(20.6, "server", "close"),
    state(24, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 1, row: { local: of.client.address } }),
    state(24.02, "server", "CLOSED", { label: "closed", uncertaintyMs: 1 }),
    ...captures,
  ];
}

/** A handshake and a close as the tracepoints tell them too; the ACK of the client's FIN is lost once. */
export function lostAckOfFin(): readonly Fact[] {
  return [
    call(0, "client", "connect"),
    transition(0.15, "client", "CLOSED", "SYN-SENT"),
    segment(0.2, "client", "SYN", synOptions),
    segment(0.26, "server", "SYN,ACK", { ack: 1, ...synOptions, window: 65160 }),
    transition(0.3, "client", "SYN-SENT", "ESTABLISHED"),
    segment(0.31, "client", "ACK", { seq: 1, ack: 1 }),
    transition(0.355, "server", "LISTEN", "SYN-RECEIVED"),
    transition(0.36, "server", "SYN-RECEIVED", "ESTABLISHED"),
    event(0.7, "client", "connect"),
    event(0.8, "server", "connection"),
    state(4, "client", "ESTABLISHED", { uncertaintyMs: 1 }),
    { ...fault(18.5, "applied", 0, "fault-1"), intent: "lose the ACK of FIN from server, until lifted" },
    call(20, "client", "end"),
    transition(20.1, "client", "ESTABLISHED", "FIN-WAIT-1"),
    segment(20.11, "client", "FIN,ACK", { seq: 1, ack: 1 }),
    transition(20.16, "server", "ESTABLISHED", "CLOSE-WAIT"),
    segment(20.18, "server", "ACK", { seq: 1, ack: 2, lostTo: "fault-1" }),
    event(20.5, "server", "end"),
    state(28.1, "server", "CLOSE-WAIT", { label: "held", uncertaintyMs: 2.1 }),
    state(28.1, "client", "FIN-WAIT-1", { label: "held", uncertaintyMs: 2.1 }),
    { ...fault(40, "lifted", 1, "fault-1"), intent: "lose the ACK of FIN from server, until lifted" },
    kernel(224.3, "client", "retransmission"),
    segment(224.32, "client", "FIN,ACK", { seq: 1, ack: 1 }),
    segment(224.38, "server", "ACK", { seq: 1, ack: 2 }),
    transition(224.42, "client", "FIN-WAIT-1", "FIN-WAIT-2"),
    call(230, "server", "end"),
    transition(230.1, "server", "CLOSE-WAIT", "LAST-ACK"),
    segment(230.12, "server", "FIN,ACK", { seq: 1, ack: 2 }),
    segment(230.17, "client", "ACK", { seq: 2, ack: 2 }),
    transition(230.2, "client", "FIN-WAIT-2", "CLOSED"),
    transition(230.23, "server", "LAST-ACK", "CLOSED"),
    event(230.5, "client", "end"),
    event(230.6, "client", "close"),
    event(230.7, "server", "close"),
    state(236, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 2.1 }),
    state(236, "server", "CLOSED", { label: "closed", uncertaintyMs: 2.1 }),
    ...captures,
    ...tracepoints,
  ];
}

/** Two FINs held in flight cross; then both ACKs. */
export function crossingFins(): readonly Fact[] {
  return [
    ...handshake(),
    call(10, "client", "end"),
    transition(10.1, "client", "ESTABLISHED", "FIN-WAIT-1"),
    segment(10.11, "client", "FIN,ACK", { seq: 1, ack: 1, takes: 20 }),
    call(12, "server", "end"),
    transition(12.1, "server", "ESTABLISHED", "FIN-WAIT-1"),
    segment(12.11, "server", "FIN,ACK", { seq: 1, ack: 1, takes: 18 }),
    transition(30.13, "client", "FIN-WAIT-1", "CLOSING"),
    transition(30.15, "server", "FIN-WAIT-1", "CLOSING"),
    segment(30.18, "client", "ACK", { seq: 2, ack: 2 }),
    segment(30.2, "server", "ACK", { seq: 2, ack: 2 }),
    transition(30.22, "server", "CLOSING", "CLOSED"),
    transition(30.24, "client", "CLOSING", "CLOSED"),
    state(36, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 1 }),
    ...captures,
    ...tracepoints,
  ];
}

/** The server's FIN is lost to one fault, its second to another, and its third arrives. */
export function lostFin(): readonly Fact[] {
  return [
    ...handshake(),
    call(10, "client", "end"),
    segment(10.1, "client", "FIN,ACK", { seq: 1, ack: 1 }),
    segment(10.15, "server", "ACK", { seq: 1, ack: 2 }),
    event(10.3, "server", "end"),
    fault(18, "applied", 0, "fault-1"),
    call(20, "server", "end"),
    segment(20.1, "server", "FIN,ACK", { seq: 1, ack: 2, lostTo: "fault-1" }),
    state(26, "server", "LAST-ACK", { label: "held", uncertaintyMs: 1 }),
    state(26.5, "client", "FIN-WAIT-2", { label: "held", uncertaintyMs: 1 }),
    fault(100, "applied", 0, "fault-2"),
    fault(110, "lifted", 1, "fault-1"),
    segment(224.1, "server", "FIN,ACK", { seq: 1, ack: 2, lostTo: "fault-2" }),
    fault(640, "lifted", 1, "fault-2"),
    segment(650.2, "server", "FIN,ACK", { seq: 1, ack: 2, isUnseen: true }),
    segment(1500.2, "server", "FIN,ACK", { seq: 1, ack: 2 }),
    segment(1500.25, "client", "ACK", { seq: 2, ack: 2 }),
    event(1500.4, "client", "end"),
    state(1510, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 1 }),
    state(1510, "server", "CLOSED", { label: "closed", uncertaintyMs: 1 }),
    ...captures,
  ];
}

/** A transfer of 40 segments with an ACK for every second, a window that closes, is probed and opens. */
export function bulk(): readonly Fact[] {
  const size = 16_384;
  const flow = Array.from({ length: 40 }, (_, index): readonly Fact[] => [
    segment(6 + index / 10, "client", "ACK", { seq: 1 + index * size, ack: 1, len: size }),
    event(6.05 + index / 10, "server", "data", { bytes: size }),
    ...(index % 2 === 1 ? [segment(6.06 + index / 10, "server", "ACK", { seq: 1, ack: 1 + (index + 1) * size })] : []),
  ]).flat();
  const end = 1 + 40 * size;
  return [
    ...handshake(),
    call(5.9, "client", "write"),
    ...flow,
    call(12, "server", "pause"),
    segment(12.1, "client", "PSH,ACK", { seq: end, ack: 1, len: size }),
    segment(12.2, "server", "ACK", { seq: 1, ack: end + size, window: 0 }),
    segment(220, "client", "ACK", { seq: end + size - 1, ack: 1 }),
    segment(220.1, "server", "ACK", { seq: 1, ack: end + size, window: 0 }),
    call(300, "server", "resume"),
    segment(300.1, "server", "ACK", { seq: 1, ack: end + size, window: 240 }),
    ...captures,
  ];
}

/** Nobody listens, then somebody resets. */
export function resets(): readonly Fact[] {
  return [
    ...handshake(),
    call(10, "server", "resetAndDestroy"),
    kernel(10.1, "server", "reset sent"),
    transition(10.11, "server", "ESTABLISHED", "CLOSED"),
    segment(10.12, "server", "RST,ACK", { seq: 1, ack: 1 }),
    kernel(10.16, "client", "reset received"),
    transition(10.18, "client", "ESTABLISHED", "CLOSED"),
    event(10.4, "client", "error", { code: "ECONNRESET" }),
    state(14, "client", "CLOSED", { label: "reset", uncertaintyMs: 1 }),
    ...captures,
    ...tracepoints,
  ];
}
