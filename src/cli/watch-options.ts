import leven from "leven";
import type { MetricsAddress } from "../leak/watch/metrics.ts";
import { type Misread, readThreshold, type Threshold } from "../leak/watch/threshold.ts";
import { durationOf, usage, wholeNumber } from "./option-values.ts";

/** The options of `finwait watch` as they were written. */
export interface WatchCommand {
  readonly pid?: string;
  readonly port?: string;
  readonly container?: string;
  readonly fail?: readonly string[];
  readonly for?: string;
  readonly every: string;
  readonly ndjson?: true;
  readonly metrics?: string;
}

/** What follows the options in `finwait watch --help`. */
export const watchHelp = `
A threshold compares, with >, >=, < or <=:
  close-wait, fin-wait-1, fin-wait-2  sockets in this state with a descriptor
  suspects                            all of these
    .count, or nothing  their number             'fin-wait-2 > 100'
    .age                the oldest since seen    'close-wait.age > 60s'
    .growth             more of them an hour     'close-wait.growth > 10/h'
  descriptors                         of processes that hold such sockets, or
                                      with --pid or --port of all
    .left               before EMFILE            'descriptors.left < 100'
    .open                                        'descriptors.open > 900'
Exit codes: 0 --for is over, 1 a threshold is passed, 2 usage, 3 what was
watched is gone, or the harness broke, 4 a capability is missing, 130 Ctrl-C.`;

export type WatchTarget =
  | { readonly what: "machine" }
  | { readonly what: "process"; readonly pid: number }
  | { readonly what: "port"; readonly port: number }
  | { readonly what: "container"; readonly name: string };

export interface WatchSettings {
  readonly target: WatchTarget;
  readonly thresholds: readonly Threshold[];
  readonly everyMs: number;
  readonly forMs?: number;
  readonly metrics?: MetricsAddress;
}

const leastEveryMs = 10;
/** setTimeout takes no more. */
const longestMs = 2 ** 31 - 1;

/** @throws FINWAIT_USAGE saying what could stand there. */
export function readSettings(command: WatchCommand): WatchSettings {
  return {
    target: readTarget(command),
    thresholds: (command.fail ?? []).map(thresholdOf),
    everyMs: timeOf("--every", command.every, leastEveryMs),
    ...(command.for === undefined ? {} : { forMs: timeOf("--for", command.for, 0) }),
    ...(command.metrics === undefined ? {} : { metrics: metricsOf(command.metrics) }),
  };
}

function readTarget({ pid, port, container }: WatchCommand): WatchTarget {
  const given = [pid, port, container].filter((one) => one !== undefined);
  if (given.length > 1)
    throw usage(
      "Give one of --pid, --port and --container; without any, all sockets of this network namespace are watched.",
    );
  if (pid !== undefined) return { what: "process", pid: wholeNumber("--pid", pid, 2 ** 22) };
  if (port !== undefined) return { what: "port", port: wholeNumber("--port", port, 65_535) };
  if (container === "") throw usage("--container takes the name or the id of a container.");
  return container === undefined ? { what: "machine" } : { what: "container", name: container };
}

function timeOf(option: string, text: string, leastMs: number): number {
  const durationMs = durationOf(option, text);
  if (durationMs < leastMs) throw usage(`${option} is at least ${leastMs}ms.`);
  if (durationMs > longestMs) throw usage(`${option} is at most 24d.`);
  return durationMs;
}

function thresholdOf(expression: string): Threshold {
  const read = readThreshold(expression);
  if (!("problem" in read)) return read;
  throw usage(`--fail ${JSON.stringify(expression)}: ${read.problem}.${perhaps(read)}`);
}

function perhaps({ word, words = [] }: Misread): string {
  if (word === undefined) return "";
  const [nearest] = words
    .map((one) => ({ one, distance: leven(one, word) }))
    .toSorted((a, b) => a.distance - b.distance)
    .filter(({ distance }) => distance <= 3);
  return nearest === undefined ? "" : ` Did you mean "${nearest.one}"?`;
}

function metricsOf(text: string): MetricsAddress {
  const [, bracketed, plain, digits = ""] = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = digits === "" ? -1 : Number(digits);
  if (port < 0 || port > 65_535) {
    throw usage(`--metrics takes [HOST]:PORT, like :9464 or 0.0.0.0:9464, not ${JSON.stringify(text)}.`);
  }
  return { host: bracketed || plain || "127.0.0.1", port };
}
