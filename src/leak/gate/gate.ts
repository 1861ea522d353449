import { homedir } from "node:os";
import { resolve } from "node:path";
import { checkedMs } from "../../lab/deadline.ts";
import type { DriverName } from "../../lab/driver/driver.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { defined } from "../../model/defined.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { GateReport, Spoken } from "../../model/leak-gate.ts";
import { environmentOf } from "./environment.ts";
import { findListening, listeningIn } from "./listening.ts";
import { meet, openOnward } from "./place.ts";
import { nothing, recordSites, type SiteRecording } from "./sites.ts";
import { startSubject } from "./subject.ts";
import { tryOut } from "./try-out.ts";

/** How a program is to be tried. */
export interface GateOptions {
  /** Default `netns`. */
  readonly driver?: DriverName;
  /** The program's working directory, and what a docker host gets of the file system. Default: the caller's. */
  readonly cwd?: string;
  /** Its whole environment; default the caller's. In docker, what names things of this machine is left out (PATH, HOME …). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where it listens; found out otherwise. */
  readonly port?: number;
  /** What it speaks; found out otherwise. */
  readonly protocol?: Spoken;
  /** What is asked for over HTTP; default "/". */
  readonly path?: string;
  /** The line that is said over plain TCP; default "finwait". */
  readonly send?: string;
  /** How long a socket has to outlive its end to be accused; default 5,000. */
  readonly graceMs?: number;
  /** How long it may take to listen; default 10,000. */
  readonly startWithinMs?: number;
  /** How long it may take to stop once told to, before connections are blamed; default 35,000. */
  readonly stopWithinMs?: number;
  /** Soft and hard limit of descriptors for the program's processes; at most the machine's own. */
  readonly nofile?: number;
  /** For docker: which paths under `cwd` are copied into the host; default all of it but `.git`. */
  readonly copy?: readonly string[];
  /** Also be a peer that never reads and stays, which tells whether the program has a write time-out. Default: no. */
  readonly hostile?: boolean;
  /** Records where sockets come from, in Node programs; default true where the preload is built. */
  readonly callSites?: boolean;
  /** Ends all at once: `gate` then rejects. */
  readonly signal?: AbortSignal;
  /** The program's own output, as it comes. */
  readonly onOutput?: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
  readonly onProgress?: (what: string) => void;
}

/** `stopWithinMs`: many programs drain for up to half a minute, as their orchestrators let them. */
const defaults = {
  driver: "netns",
  path: "/",
  send: "finwait",
  graceMs: 5_000,
  startWithinMs: 10_000,
  stopWithinMs: 35_000,
} as const;

/**
 * Starts a program in a host of a lab of its own, behaves towards it in many manners, and says which sockets it did not
 * let go of. Everything it started has ended when this resolves.
 * @throws FINWAIT_SUBJECT_FAILED when it cannot be started, ends, or listens nowhere; FINWAIT_CAPABILITY_MISSING.
 */
export async function gate(command: readonly [string, ...string[]], options: GateOptions = {}): Promise<GateReport> {
  const startedAt = performance.now();
  const { driver = defaults.driver, env = process.env, callSites = true, onProgress = () => {} } = options;
  const cwd = resolve(options.cwd ?? ".");
  options.signal?.throwIfAborted();
  await using sites = callSites ? await recordSites(driver, env.NODE_OPTIONS) : nothing;
  onProgress("opening the lab");
  await using lab = await openLab({
    driver,
    hosts: ["peers", "subject"],
    onProgress,
    ...(driver === "docker" ? { bring: { subject: [...toCopy(cwd, options.copy), ...sites.bring] } } : {}),
  });
  // Why it could not be closed is told when it is disposed of below.
  const interrupt = () => void lab[Symbol.asyncDispose]().catch(() => {});
  options.signal?.addEventListener("abort", interrupt);
  try {
    options.signal?.throwIfAborted();
    return await tryIn(lab, sites, { ...options, driver, cwd, env, command, startedAt, onProgress });
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
  }
}

type Settled = GateOptions &
  Required<Pick<GateOptions, "driver" | "cwd" | "env" | "onProgress">> & {
    readonly command: readonly [string, ...string[]];
    readonly startedAt: number;
  };

async function tryIn(lab: Lab, sites: SiteRecording, options: Settled): Promise<GateReport> {
  const { driver, command, cwd, onOutput, onProgress, port, protocol, signal } = options;
  const { path = defaults.path, send = defaults.send } = options;
  const graceMs = checkedMs(options.graceMs ?? defaults.graceMs, "graceMs");
  const startWithinMs = checkedMs(options.startWithinMs ?? defaults.startWithinMs, "startWithinMs");
  const host = lab.host("subject");
  onProgress(`starting ${command.join(" ")}`);
  const env = environmentOf(driver, options.env, sites.env);
  const [before] = await Promise.all([listeningIn(host), sites.prepare(host)]);
  const subject = await startSubject(host, { command, cwd, env, ...defined({ onOutput, nofile: options.nofile }) });
  const [onward, places] = await Promise.all([
    openOnward(lab),
    findListening(host, subject, { port, withinMs: startWithinMs, before }),
  ]);
  onProgress("finding out what it speaks");
  const met = await meet(lab, subject, places, { protocol, path, line: send, onward });
  return await tryOut({
    ...{ lab, host, driver, subject, met, before, onward, sites, command, graceMs, onProgress },
    withinMs: checkedMs(options.stopWithinMs ?? defaults.stopWithinMs, "stopWithinMs"),
    startedAt: options.startedAt,
    hostile: options.hostile ?? false,
    ...defined({ signal }),
  });
}

/** @throws FINWAIT_USAGE where a whole machine or home would be copied. */
function toCopy(cwd: string, copy: readonly string[] | undefined): readonly string[] {
  if (copy !== undefined && copy.length > 0) return copy.map((path) => resolve(cwd, path));
  if (cwd !== "/" && cwd !== homedir()) return [cwd];
  throw new FinwaitError(
    "FINWAIT_USAGE",
    `A docker host is given a copy of the folder it is started from, and ${cwd} is too much: change into the program's folder, or say what it needs with --copy.`,
  );
}
