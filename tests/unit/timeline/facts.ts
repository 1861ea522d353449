import type {
  CallFact,
  EventFact,
  Fact,
  FaultFact,
  MeasureFact,
  MissedFact,
  NoteFact,
  StateFact,
} from "../../../src/model/fact.ts";
import type { SocketRow } from "../../../src/model/socket.ts";
import type { TcpState } from "../../../src/model/state.ts";
import { monoNs } from "../../../src/model/time.ts";

export const at = (ms: number) => monoNs(Math.round(ms * 1e6));

export const addresses = {
  client: { address: "10.77.0.1", port: 40000 },
  server: { address: "10.77.0.2", port: 20001 },
};

const hostOf = (endpoint: string): string => endpoint.split("-", 1)[0] ?? endpoint;

export function row(endpoint: string, state: TcpState, more: Partial<SocketRow> = {}): SocketRow {
  const isNamed = endpoint === "client" || endpoint === "server";
  const local = isNamed ? addresses[endpoint] : { address: "10.77.0.9", port: 40009 };
  const peer = addresses[hostOf(endpoint) === "client" ? "server" : "client"];
  const { recvQ = 0, sendQ = 0, cookie = `${endpoint}-1` } = more;
  const line = `${state} ${recvQ}      ${sendQ}   ${local.address}:${local.port}   ${peer.address}:${peer.port} sk:${cookie}`;
  return { state, recvQ, sendQ, local, peer, cookie, tcpInfo: {}, owners: [], line, ...more };
}

/** A reading; CLOSED has no row, every other state has one. */
export function state(
  ms: number,
  endpoint: string,
  name: TcpState,
  more: { label?: string; uncertaintyMs?: number; cookie?: string | undefined; row?: Partial<SocketRow> } = {},
): StateFact {
  const { label, uncertaintyMs = 0, row: fields = {} } = more;
  const whole = row(endpoint, name, { ...fields, ...(more.cookie === undefined ? {} : { cookie: more.cookie }) });
  const { cookie: _, ...nameless } = whole;
  const isNameless = "cookie" in more && more.cookie === undefined;
  return {
    kind: "state",
    at: at(ms),
    host: hostOf(endpoint),
    endpoint,
    state: name,
    ...(name === "CLOSED" ? {} : { row: isNameless ? nameless : whole }),
    ...(label === undefined ? {} : { label }),
    uncertaintyNs: uncertaintyMs * 1e6,
  };
}

export function call(ms: number, endpoint: string, name: string, code?: string): CallFact {
  const error = code === undefined ? {} : { error: { code, message: `${name} failed` } };
  return { kind: "call", at: at(ms), host: hostOf(endpoint), endpoint, call: `${name}()`, ...error };
}

export function event(ms: number, endpoint: string, name: string, detail: EventFact["detail"] = {}): EventFact {
  return { kind: "event", at: at(ms), host: hostOf(endpoint), endpoint, event: name, detail };
}

export function measure(ms: number, host: string, name: string, label: string, value: number): MeasureFact {
  return { kind: "measure", at: at(ms), host, name, label, value, unit: "descriptors" };
}

export function fault(ms: number, phase: FaultFact["phase"], caught = 0, name = "lose-fin"): FaultFact {
  const intent = "lose every FIN of the server";
  return { kind: "fault", at: at(ms), host: "client", phase, fault: name, intent, caught };
}

export function missed(ms: number, waitedFor: string, lastSeen: string): MissedFact {
  return { kind: "missed", at: at(ms), host: "client", waitedFor, lastSeen, withinMs: 5000 };
}

export function note(ms: number, text: string): NoteFact {
  return { kind: "note", at: at(ms), host: "server", text };
}

/** A connection on its way: each story goes on where the one before it ended. */
export function established(): readonly Fact[] {
  return [
    state(0, "server-listener", "LISTEN", { row: { sendQ: 511 } }),
    call(1.2, "client", "connect"),
    event(1.6, "client", "connect"),
    event(1.7, "server", "connection"),
    state(4, "client", "ESTABLISHED", { label: "open", uncertaintyMs: 1 }),
    state(4.01, "server", "ESTABLISHED", { label: "open", uncertaintyMs: 1 }),
  ];
}

export function halfClosed(): readonly Fact[] {
  return [
    ...established(),
    call(10, "client", "end"),
    event(10.3, "server", "end"),
    state(14.02, "client", "FIN-WAIT-2", { label: "half-closed", uncertaintyMs: 1 }),
    state(14.03, "server", "CLOSE-WAIT", { label: "half-closed", uncertaintyMs: 1 }),
  ];
}

export function closed(): readonly Fact[] {
  return [
    ...halfClosed(),
    call(20, "server", "end"),
    event(20.4, "client", "end"),
    event(20.6, "client", "close", { hadError: false }),
    event(20.7, "server", "close", { hadError: false }),
    state(24, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 1 }),
    state(24.02, "server", "CLOSED", { label: "closed", uncertaintyMs: 1 }),
  ];
}

/** As closed, but the server's FIN was lost a few times on the way. */
export function closedThroughLoss(): readonly Fact[] {
  return [
    ...halfClosed(),
    fault(18, "applied"),
    call(20, "server", "end"),
    state(26, "server", "LAST-ACK", { label: "held", uncertaintyMs: 1 }),
    state(26.5, "client", "FIN-WAIT-2", { label: "held", uncertaintyMs: 1 }),
    fault(640, "lifted", 2),
    event(850.2, "client", "end"),
    event(850.4, "client", "close", { hadError: false }),
    state(860, "client", "TIME-WAIT", { label: "closed", uncertaintyMs: 1 }),
    state(860.02, "server", "CLOSED", { label: "closed", uncertaintyMs: 1 }),
  ];
}
