import type { LeakReport } from "./leak.ts";

export const spokenNames = ["http", "upgrade", "connect", "tcp"] as const;

/** What a subject was found, or is said, to speak. `http` is always among them when `upgrade` or `connect` is. */
export type Spoken = (typeof spokenNames)[number];

/** One way to behave towards the subject, as it was tried. */
export interface TriedManner {
  /** "half a request, then FIN". */
  readonly name: string;
  /** Absent for what was done beside the drive: the first questions, the two idle connections at the stop. */
  readonly spoken?: Spoken;
  /** Connections of that manner which were really opened. */
  readonly connections: number;
  /** Sockets of the subject that it left behind. */
  readonly leaked: number;
}

/** When a process runs out of descriptors, if the manner that costs it the most goes on. */
export interface Forecast {
  readonly pid: number;
  readonly process: string;
  readonly manner: string;
  readonly open: number;
  readonly limit: number;
  /** Further connections of that manner until accept() fails with EMFILE. */
  readonly connections: number;
}

/** What `finwait leak` found out about a program. */
export interface GateReport extends LeakReport {
  readonly command: readonly string[];
  readonly driver: "netns" | "docker";
  /** Where it listens, as it was driven: "10.77.0.2:3000". */
  readonly target: string;
  readonly spoken: readonly Spoken[];
  readonly manners: readonly TriedManner[];
  readonly forecasts: readonly Forecast[];
  /** How it ended when it was told to stop: "exited with code 0 35 ms after SIGTERM". */
  readonly stop: string;
  /** What is worth knowing of this run: "listens on 9229 too, which was not tried: --port 9229". */
  readonly notes: readonly string[];
  readonly durationMs: number;
}
