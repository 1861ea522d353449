import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import type { SocketSource } from "../leak/source.ts";
import { openContainerSource } from "../leak/sources/container.ts";
import { openMachineSource } from "../leak/sources/machine.ts";
import { openPortSource } from "../leak/sources/port.ts";
import { openProcessSource } from "../leak/sources/process.ts";
import type { MetricsAddress, MetricsServer } from "../leak/watch/metrics.ts";
import { slimRow } from "../leak/watch/slim.ts";
import { readTotals } from "../leak/watch/totals.ts";
import { watch as readings } from "../leak/watch/watch.ts";
import type { SocketTotals, WatchReading } from "../model/watch.ts";
import { changeTeller } from "../report/watch/changes.ts";
import { passedText } from "../report/watch/passed.ts";
import { headline, watchTable } from "../report/watch/table.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { interruption } from "./interruption.ts";
import { openScreen, type Screen } from "./screen.ts";
import { readSettings, type WatchCommand, type WatchSettings, type WatchTarget } from "./watch-options.ts";

/** `finwait watch`: sockets whose end has come, whose they are, and whether they become more. */
export async function watch(command: WatchCommand): Promise<ExitCode> {
  const settings = readSettings(command);
  // A watch runs for days beside what it watches. Left alone, V8 would let the rows of thousands of suspects come to 300 MB
  // before it looks at them again; like this it is 100.
  setFlagsFromString("--optimize-for-size");
  using interrupted = interruption();
  await using metrics = settings.metrics === undefined ? undefined : await openMetrics(settings.metrics);
  await using source = await openSource(settings.target);
  const teller = command.ndjson ? ndjson() : forPeople(openScreen(process.stdout));
  let last: WatchReading | undefined;
  try {
    for await (const reading of readings(source, { ...settings, ...watched(settings, interrupted.signal) })) {
      last = reading;
      metrics?.show(reading);
      await teller.tell(reading);
    }
  } finally {
    teller.end(last);
  }
  const passed = last?.passed ?? [];
  // With --ndjson, standard output is for programs.
  for (const one of passed) (command.ndjson ? console.error : console.log)(passedText(one));
  if (passed.length > 0) return exitCodes.differs;
  return interrupted.signal.aborted ? exitCodes.interrupted : exitCodes.done;
}

function watched({ target, metrics }: WatchSettings, signal: AbortSignal) {
  return { signal, countsDescriptors: metrics !== undefined, totals: () => totalsOf(target) };
}

function openSource(target: WatchTarget): Promise<SocketSource> {
  switch (target.what) {
    case "machine":
      return openMachineSource({ keep: slimRow });
    case "process":
      return openProcessSource(target.pid, { keep: slimRow });
    case "port":
      return openPortSource(target.port, { keep: slimRow });
    case "container":
      return openContainerSource(target.name, { keep: slimRow });
    default:
      return target satisfies never;
  }
}

/** Of the network namespace that is watched; a container's is looked into only by its helper. */
async function totalsOf(target: WatchTarget): Promise<SocketTotals | undefined> {
  if (target.what === "container") return undefined;
  return readTotals(target.what === "process" ? target.pid : "self");
}

/** What serves metrics is loaded only where it is asked for. */
async function openMetrics(address: MetricsAddress): Promise<MetricsServer> {
  const { serveMetrics } = await import("../leak/watch/metrics.ts");
  const server = await serveMetrics(address);
  console.error(`metrics at ${server.url}`);
  return server;
}

interface Teller {
  readonly tell: (reading: WatchReading) => void | Promise<void>;
  readonly end: (last: WatchReading | undefined) => void;
}

function ndjson(): Teller {
  return {
    tell: async (reading) => {
      // A slow reader slows the watch down, and does not fill its memory.
      if (!process.stdout.write(`${JSON.stringify(reading)}\n`)) await once(process.stdout, "drain");
    },
    end: () => {},
  };
}

/** On a terminal a table that is drawn anew; elsewhere a line a change. Both leave the last table. */
function forPeople(screen: Screen): Teller {
  const changes = process.stdout.isTTY && !process.env.CI ? undefined : changeTeller();
  const tableOf = (reading: WatchReading) =>
    watchTable(reading, { columns: screen.columns, rows: process.stdout.rows ?? 60, paint: screen.paint });
  return {
    tell: (reading) => {
      if (changes === undefined) return screen.status(tableOf(reading));
      if (reading.reading === 1) screen.print(headline(reading));
      for (const line of changes(reading)) screen.print(line);
    },
    end: (last) => {
      screen.done();
      if (last !== undefined) screen.print(`${changes === undefined ? "" : "\n"}${tableOf(last)}`);
    },
  };
}
