import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Gauge, type OpenMetricsContentType, Registry } from "prom-client";
import { FinwaitError } from "../../model/errors.ts";
import type { WatchedGroup, WatchReading } from "../../model/watch.ts";

/** More process names or processes than this are not told apart: a metric's labels must stay few. */
const mostProcesses = 50;
const others = "(others)";
const unknown = "(unknown)";

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** The last reading, for Prometheus to fetch: `/metrics`, in its text format or as OpenMetrics, as the request prefers. */
export interface MetricsServer extends AsyncDisposable {
  /** Where it listens: the port is the kernel's choice where 0 was asked for. */
  readonly url: string;
  show(reading: WatchReading): void;
}

/** @throws FINWAIT_USAGE when the address cannot be listened on. */
export async function serveMetrics({ host, port }: MetricsAddress): Promise<MetricsServer> {
  const text = new Registry();
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const gauges = createGauges([text, open]);
  let hasRead = false;
  const server = createServer((request, response) => {
    const registry = request.headers.accept?.includes("application/openmetrics-text") ? open : text;
    // Whatever was asked, it is no reason for the watch to end.
    answer(request, response, hasRead ? registry : undefined).catch(() => response.destroy());
  });
  const listening = once(server, "listening");
  server.listen(port, host);
  await listening.catch((cause) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FinwaitError("FINWAIT_USAGE", `--metrics cannot listen on ${host}:${port}: ${why}. Name another port.`, {
      cause,
    });
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${actual}/metrics`,
    show: (reading) => {
      fill(gauges, reading);
      hasRead = true;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Without a registry there is no reading yet: an empty page would say that all is well. */
async function answer(request: IncomingMessage, response: ServerResponse, registry?: AnyRegistry): Promise<void> {
  const [path] = (request.url ?? "").split("?", 1);
  if (path !== "/metrics") {
    response.writeHead(404, { "content-type": "text/plain" }).end("finwait watch answers at /metrics\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  if (registry === undefined) {
    response.writeHead(503, { "content-type": "text/plain" }).end("finwait watch has no reading yet: ask again soon\n");
    return;
  }
  response.setHeader("content-type", registry.contentType);
  response.end(await registry.metrics());
}

type AnyRegistry = Registry | Registry<OpenMetricsContentType>;
type Gauges = ReturnType<typeof createGauges>;

function createGauges(registers: AnyRegistry[]) {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name, help, labelNames, registers });
  return {
    sockets: gauge("finwait_sockets", "Sockets whose end has come and whose descriptor is held.", ["state", "process"]),
    age: gauge(
      "finwait_socket_oldest_age_seconds",
      "For how long at least nothing has moved on the oldest of these sockets.",
      ["state", "process"],
    ),
    open: gauge("finwait_descriptors_open", "Open descriptors.", ["process", "pid"]),
    limit: gauge("finwait_descriptors_limit", "Soft limit of open descriptors.", ["process", "pid"]),
    took: gauge("finwait_reading_seconds", "How long the last reading took.", []),
  };
}

function fill({ sockets, age, open, limit, took }: Gauges, reading: WatchReading): void {
  for (const gauge of [sockets, age, open, limit]) gauge.reset();
  took.set(reading.tookMs / 1000);
  for (const { state, process, count, oldestMs } of byProcessName(reading.groups)) {
    sockets.set({ state, process }, count);
    age.set({ state, process }, oldestMs / 1000);
  }
  const fewestLeft = reading.descriptors.toSorted((a, b) => a.left - b.left).slice(0, mostProcesses);
  for (const use of fewestLeft) {
    const labels = { process: use.process, pid: String(use.pid) };
    open.set(labels, use.open);
    limit.set(labels, use.limit);
  }
}

interface NamedCount {
  readonly state: string;
  readonly process: string;
  readonly count: number;
  readonly oldestMs: number;
}

/** Counts by state and name of process; the names with the oldest sockets are kept apart. */
function byProcessName(groups: readonly WatchedGroup[]): readonly NamedCount[] {
  const nameOf = ({ process = unknown }: WatchedGroup) => process;
  const names = new Set([...new Set(groups.map(nameOf))].slice(0, mostProcesses));
  const counts = new Map<string, NamedCount>();
  for (const group of groups) {
    const process = names.has(nameOf(group)) ? nameOf(group) : others;
    const key = `${group.state} ${process}`;
    const { count = 0, oldestMs = 0 } = counts.get(key) ?? {};
    counts.set(key, {
      state: group.state,
      process,
      count: count + group.count,
      oldestMs: Math.max(oldestMs, group.oldestMs),
    });
  }
  return [...counts.values()];
}
