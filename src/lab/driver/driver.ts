import type { Readable, Writable } from "node:stream";

/** What a lab is to be made of. */
export interface LabSpec {
  /** One network namespace and one agent each; the first is the usual client, the second the usual server. */
  readonly hosts: readonly string[];
  /** Sysctls under `net.`, by dotted name, set in every host before its agent starts. */
  readonly sysctls: Readonly<Record<string, string | number>>;
  /** Soft and hard limit of open descriptors for every process in the hosts. */
  readonly nofile?: number;
  /** Which of the processors its processes share, counted round; without it labs take turns. */
  readonly processor?: number;
  /** A value of `process.hrtime.bigint()`: the agents stamp relative to it. */
  readonly epoch: bigint;
  /** Leave what was opened for a person to look at; `DrivenLab.whereabouts` says how. */
  readonly keep?: boolean;
  /**
   * Absolute paths of this machine that a host, by its name, finds at the same place. Hosts that share this machine's
   * file system have them anyway; others are given a copy, without `.git` folders.
   */
  readonly bring?: Readonly<Record<string, readonly string[]>>;
  /** Told what takes long: "building the host image (once)". */
  readonly onProgress?: (what: string) => void;
}

/** A host as its driver made it: addresses and the agent's stdio. Nothing here has spoken to the agent yet. */
export interface DrivenHost {
  readonly name: string;
  readonly addresses: { readonly v4: string; readonly v6: string };
  /** Whether its programs run as root. */
  readonly isRoot: boolean;
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves, never rejects, when the agent's process is gone, with words for a message: "exited with code 137". */
  readonly exited: Promise<string>;
  /** The last lines the agent wrote to stderr. */
  readonly stderrTail: () => string;
}

/** Hosts that exist until disposed. They also go when this process dies, whatever killed it. */
export interface DrivenLab extends AsyncDisposable {
  readonly hosts: readonly DrivenHost[];
  /** Given the agents' own process ids: how a person gets inside a host of a kept lab: one command line each. */
  readonly whereabouts: (agents: ReadonlyMap<string, number>) => readonly string[];
}

/** One thing a machine has or lacks, for `finwait doctor`. */
export interface Capability {
  readonly name: string;
  readonly present: boolean;
  readonly detail: string;
  /** The command that mends it, where there is one. */
  readonly mend?: string;
  /** Without it the driver cannot work at all. */
  readonly required: boolean;
}

/** What makes labs. One conformance suite holds every driver to this interface. */
export interface Driver {
  readonly name: DriverName;
  /** Looks at the machine without opening a lab. */
  readonly examine: () => Promise<readonly Capability[]>;
  /** Throws FINWAIT_CAPABILITY_MISSING or FINWAIT_LAB_FAILED. */
  readonly open: (spec: LabSpec) => Promise<DrivenLab>;
}

/** Linux namespaces, or containers through Testcontainers. */
export type DriverName = "netns" | "docker";
