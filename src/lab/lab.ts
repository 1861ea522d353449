import { defined } from "../model/defined.ts";
import { FinwaitError } from "../model/errors.ts";
import { clockFrom } from "../model/time.ts";
import type { DrivenLab, DriverName } from "./driver/driver.ts";
import { driverNamed } from "./driver/drivers.ts";
import { Host } from "./host.ts";
import { type OpenObservers, openObservers } from "./observers/open.ts";
import type { Tracepoints } from "./observers/tracepoints.ts";
import { Ports } from "./ports.ts";
import { Session } from "./session.ts";
import type { SessionGround } from "./session-options.ts";

/** What `openLab` makes. */
export interface LabOptions {
  /** Default `netns`. */
  readonly driver?: DriverName;
  /** Names of the hosts; default `["client", "server"]`. With one host, both ends live on it and talk over loopback. */
  readonly hosts?: readonly string[];
  /** Sysctls under `net.`, set in every host before its agent starts. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Soft and hard limit of open descriptors for every process in the hosts. */
  readonly nofile?: number;
  /** Which of the processors it may use all its processes share, counted round from 0; by default labs take turns. */
  readonly processor?: number;
  /**
   * Absolute paths of this machine that a host, by its name, is to find at the same place: a copy where hosts have file
   * systems of their own (docker), without `.git` folders.
   */
  readonly bring?: Readonly<Record<string, readonly string[]>>;
  /**
   * Captures every TCP segment with tcpdump in each host; default false. "where possible" goes on without when tcpdump is
   * missing or not permitted, and `Lab.captureMissing` says why.
   */
  readonly capture?: boolean | "where possible";
  /**
   * Records every state transition as the kernel makes it, with the tracepoints of the machine (root and tracefs);
   * default false. "where possible" goes on without, and `Lab.tracepointsMissing` says why.
   */
  readonly tracepoints?: boolean | "where possible";
  /** Keeps what is captured for `Session.pcapFiles`; it grows with the traffic. */
  readonly keepRecords?: boolean;
  /**
   * For a person to look inside: disposing leaves containers where they are, until somebody removes them. The namespaces
   * of `netns` go when the lab is disposed, kept or not, or when this process ends.
   */
  readonly keep?: boolean;
  /** Told what takes long while the lab opens: "building the host image (once)". */
  readonly onProgress?: (what: string) => void;
}

/** A private network with its hosts. It is a session itself; `session()` makes further ones side by side. */
export class Lab extends Session {
  readonly driver: DriverName;
  /** Why nothing is captured although it was asked for "where possible". */
  readonly captureMissing: string | undefined;
  readonly tracepointsMissing: string | undefined;
  readonly #tracepoints: Tracepoints | undefined;
  readonly #driven: DrivenLab;
  readonly #ground: SessionGround;
  #closing: Promise<void> | undefined;

  constructor(driver: DriverName, driven: DrivenLab, ground: SessionGround & { readonly observers: OpenObservers }) {
    super(ground);
    this.driver = driver;
    this.captureMissing = ground.observers.captureMissing;
    this.tracepointsMissing = ground.observers.tracepointsMissing;
    this.#tracepoints = ground.observers.tracepoints;
    this.#driven = driven;
    this.#ground = ground;
  }

  /** Another story on the same hosts, with ports, faults and facts of its own. */
  session(): Session {
    return new Session(this.#ground);
  }

  /** Whether every agent and every capture is at work still. */
  get works(): boolean {
    const { captures } = this.#ground.observers;
    return this.hosts.every((host) => !host.link.ended) && !captures.some((capture) => capture.isBroken);
  }

  /** How a person gets inside a host, one command line each. */
  whereabouts(): readonly string[] {
    return this.#driven.whereabouts(new Map(this.hosts.map(({ name, pid }) => [name, pid])));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The sockets go with their namespaces: nothing needs to be reset first.
    for (const host of this.hosts) host.link.close();
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#driven[Symbol.asyncDispose](), this.#tracepoints?.[Symbol.asyncDispose]()]);
  }
}

/**
 * Opens a private network with one agent a host. Dispose it (`await using`): every process, namespace, container and
 * network of it goes then, and also when this process dies.
 * @throws FINWAIT_CAPABILITY_MISSING naming what the machine lacks, FINWAIT_LAB_FAILED, FINWAIT_USAGE.
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const {
    driver: name = "netns",
    hosts = ["client", "server"],
    sysctls = {},
    nofile,
    processor,
    bring,
    keep = false,
    onProgress,
  } = options;
  if (hosts.length === 0 || new Set(hosts).size < hosts.length || hosts.includes("")) {
    throw new FinwaitError("FINWAIT_USAGE", "A lab needs at least one host, and every host a name of its own.");
  }
  if (nofile !== undefined && !(Number.isInteger(nofile) && nofile > 0)) {
    throw new FinwaitError("FINWAIT_USAGE", `nofile is a number of descriptors, at least one, not ${nofile}.`);
  }
  const driver = await driverNamed(name);
  const epoch = process.hrtime.bigint();
  const clock = clockFrom(epoch);
  const driven = await driver.open({
    hosts,
    sysctls,
    epoch,
    keep,
    ...defined({ nofile, processor, bring, onProgress }),
  });
  try {
    const greeted = await Promise.all(driven.hosts.map((host) => Host.greet(host, () => clock.now())));
    const observers = await openObservers(greeted, epoch, options);
    return new Lab(name, driven, { hosts: greeted, ports, clock, observers });
  } catch (error) {
    await driven[Symbol.asyncDispose]();
    throw error;
  }
}

/** Of all labs of this process, so that the kernel's tracepoints, which know no namespaces, tell their sockets apart. */
const ports = new Ports();
