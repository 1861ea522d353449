import type { DriverName } from "../lab/driver/driver.ts";
import type { GateOptions } from "../leak/gate/gate.ts";
import { defined } from "../model/defined.ts";
import type { Spoken } from "../model/leak-gate.ts";
import { durationOf, usage, wholeNumber } from "./option-values.ts";

/** The options of `finwait leak` as they were written. */
export interface LeakCommand {
  readonly driver: DriverName;
  readonly port?: string;
  readonly protocol?: Spoken;
  readonly path?: string;
  readonly send?: string;
  readonly grace: string;
  readonly startWithin: string;
  readonly stopWithin?: string;
  readonly nofile?: string;
  readonly copy?: readonly string[];
  readonly hostile?: true;
  readonly callSites: boolean;
  readonly json?: string;
  readonly junit?: string;
  readonly verbose?: true;
}

/** What follows the options in `finwait leak --help`. */
export const leakHelp = `
It opens two hosts, starts the command in one, and connects from the other in
many ways: closes in order, half-closes, resets, stops reading, sends half a
request, never closes. A socket is leaked when its end has come, the program
still holds its descriptor, and nothing about it has moved for --grace. Give
--grace more than the time-outs that your program sets on purpose.
Exit codes: 0 nothing is leaked, 1 something is, 2 usage, 3 the program ended
or listens nowhere, or the harness broke, 4 a capability is missing, 130 Ctrl-C.
Examples:
  finwait leak -- node server.js
  finwait leak --path /health --grace 10s -- npm start
  finwait leak --driver docker --copy server.js node_modules -- node server.js
  finwait leak --protocol tcp --send "PING" -- ./redis-like --port 7000`;

const leastMs = 100;
/** An hour: nobody waits longer. */
const longestMs = 3_600_000;

/** @throws FINWAIT_USAGE saying what could stand there. */
export function readLeakOptions(command: LeakCommand): GateOptions {
  const { driver, protocol, send, copy, callSites } = command;
  return {
    driver,
    callSites,
    hostile: command.hostile ?? false,
    graceMs: waitOf("--grace", command.grace),
    startWithinMs: waitOf("--start-within", command.startWithin),
    ...defined({
      protocol,
      send,
      copy,
      path: command.path === undefined ? undefined : pathOf(command.path),
      port: command.port === undefined ? undefined : wholeNumber("--port", command.port, 65_535),
      nofile: command.nofile === undefined ? undefined : wholeNumber("--nofile", command.nofile, 1_048_576),
      stopWithinMs: command.stopWithin === undefined ? undefined : waitOf("--stop-within", command.stopWithin),
    }),
  };
}

function pathOf(text: string): string {
  if (/^\/[\x21-\x7e]*$/.test(text)) return text;
  throw usage(`--path begins with a slash and has no blanks, like /health, not ${JSON.stringify(text)}.`);
}

function waitOf(option: string, text: string): number {
  const durationMs = durationOf(option, text);
  if (durationMs < leastMs || durationMs > longestMs) throw usage(`${option} is at least ${leastMs}ms and at most 1h.`);
  return durationMs;
}
