/** Where a statement stands. The notes are the five teaching notes; everything else is cited by section and version. */
export interface Source {
  readonly title: string;
  readonly section?: string;
  readonly url?: string;
}

/** What a case asks of the machine. Cases with equal needs share hosts. */
export interface Needs {
  /** Host names; default `["client", "server"]`. */
  readonly hosts?: readonly string[];
  /** Sysctls under `net.`, set in every host before its agent starts. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Soft and hard limit of open descriptors for the hosts' processes. */
  readonly nofile?: number;
  /** Hosts of its own: the case fills queues or reads counters that belong to the whole host. */
  readonly exclusive?: boolean;
  /** The answer rests on captured segments: without tcpdump the case is untestable. */
  readonly capture?: boolean;
  /** The answer rests on the kernel's tracepoints: without root and tracefs the case is untestable. */
  readonly tracepoint?: boolean;
}

/** A documented statement as data: what `finwait list` and a stored run know of it. */
export interface ClaimData {
  /** `topic/short-name`. */
  readonly address: string;
  readonly statement: { readonly en: string; readonly zh: string };
  readonly sources: readonly Source[];
  readonly cases: readonly CaseData[];
}

/** One condition under which a claim is tried, as data. */
export interface CaseData {
  /** The condition, as a phrase: "the client half-closes with end()". */
  readonly name: string;
  readonly needs: Needs;
  /** Kernel timers this case must wait out, in milliseconds; 0 when it waits for none. */
  readonly timerMs: number;
}
