/**
 * Everything the harness may ask of an agent, by name, with the shape of each parameter. The table is data, so that the
 * agent checks what it is sent against it, and the types below are read off it: one place to add a call.
 *
 * A trailing `?` marks a parameter that may be left out.
 */
export const calls = {
  /** Answers at once: measures the round trip and compares clocks. */
  ping: {},
  listen: {
    server: "name",
    address: "text",
    port: "integer",
    backlog: "integer?",
    allowHalfOpen: "boolean?",
    pauseOnConnect: "boolean?",
    /** `none`: no 'data' listener is attached to accepted sockets; `flow` (default): data is counted and hashed. */
    reading: "text?",
    ipv6Only: "boolean?",
  },
  /** Stops listening; open connections stay. Answered when the handle is closed to new connections. */
  closeServer: { server: "name" },
  /** Answered when the attempt has begun; the outcome is the socket's 'connect' or 'error' event. */
  connect: {
    socket: "name",
    address: "text",
    port: "integer",
    localAddress: "text?",
    localPort: "integer?",
    allowHalfOpen: "boolean?",
    /** As a server's: pause() before connecting, so that nothing is read ahead. */
    pauseOnConnect: "boolean?",
    reading: "text?",
  },
  /** Writes `bytes` bytes of the pattern; answered when `write()` returned, with its return value. A 'written' event follows. */
  write: { socket: "name", bytes: "integer" },
  end: { socket: "name", bytes: "integer?" },
  destroy: { socket: "name" },
  destroySoon: { socket: "name" },
  resetAndDestroy: { socket: "name" },
  pause: { socket: "name" },
  resume: { socket: "name" },
  /** Attaches the 'data' listener that `reading: "none"` left out. */
  read: { socket: "name" },
  setKeepAlive: { socket: "name", enable: "boolean", initialDelayMs: "integer?" },
  setNoDelay: { socket: "name", enable: "boolean" },
  setTimeout: { socket: "name", ms: "integer" },
  /** The socket's properties as the runtime has them. */
  inspect: { socket: "name" },
  /** Blocks this process's event loop; answered after it. A 'blocked' event is sent right before. */
  block: { ms: "integer" },
  /** Starts a child agent process; answered when it says hello. Calls reach it with the envelope's `process`. */
  fork: { child: "name", nofile: "integer?" },
  /** Sends a signal to a child agent. Answered when it has exited; SIGSTOP and SIGCONT, which end nothing, at once. */
  kill: { child: "name", signal: "text" },
  /**
   * Hands a socket's handle to a child, where it has the same name and the same `reading`; with `keepOpen` this process
   * keeps its own reference, which stops reading, so that it takes nothing from the child. Answered when the child has it.
   * What this process has read ahead stays here: open sockets that are to be given with `pauseOnConnect`.
   */
  give: { socket: "name", child: "name", keepOpen: "boolean" },
  /** Open descriptors of this process, its limits, its resident memory. */
  descriptors: {},
  /**
   * Runs a program next to the sockets: ss, nft, ip, cat. Answered with its output, however it ended: a signal's exit code
   * is 128 and its number, a timeout's is -1. Refused with ENOENT when there is no such program, with
   * ERR_CHILD_PROCESS_STDIO_MAXBUFFER when it writes more than 64 MiB.
   */
  run: { command: "text", args: "texts", input: "text?", timeoutMs: "integer?" },
  /**
   * Destroys everything this process holds whose name begins with `prefix`: sockets by reset, servers, children. Their
   * names are free again and they report nothing more, except that a child's exit is announced. Answered when it is done.
   */
  release: { prefix: "text" },
} as const satisfies Record<string, Record<string, ParameterKind>>;

/** What `reading` may be: `none` attaches no 'data' listener, `flow` (the default) counts and hashes. */
export type Reading = "flow" | "none";

export type ParameterKind = "name" | "text" | "texts" | "integer" | "boolean" | "text?" | "integer?" | "boolean?";

interface ParameterTypes {
  name: string;
  text: string;
  texts: readonly string[];
  integer: number;
  boolean: boolean;
  "text?": string;
  "integer?": number;
  "boolean?": boolean;
}

export type CallName = keyof typeof calls;

/** The calls that name a socket. */
export type SocketCall = {
  [C in CallName]: (typeof calls)[C] extends { readonly socket: "name" } ? C : never;
}[CallName];

type Required<S> = { [K in keyof S as S[K] extends `${string}?` ? never : K]: ParameterTypes[S[K] & ParameterKind] };
type Optional<S> = { [K in keyof S as S[K] extends `${string}?` ? K : never]?: ParameterTypes[S[K] & ParameterKind] };

/** The parameters of one call. */
export type Parameters<C extends CallName> = Required<(typeof calls)[C]> & Optional<(typeof calls)[C]>;

/** What each call is answered with. Calls not listed answer `{}`. */
export interface Answers {
  listen: { readonly address: string; readonly port: number };
  write: { readonly flowing: boolean; readonly writableLength: number };
  inspect: SocketInspection;
  fork: { readonly pid: number };
  /** Both null where the signal ends nothing. */
  kill: { readonly exitCode: number | null; readonly signal: string | null };
  descriptors: {
    readonly open: number;
    readonly softLimit: number;
    readonly hardLimit: number;
    readonly residentBytes: number;
  };
  run: {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    /** Monotonic stamps of the agent, right before the program was started and after it ended. */
    readonly startedAt: number;
    readonly endedAt: number;
  };
}

export type Answer<C extends CallName> = C extends keyof Answers ? Answers[C] : Record<string, never>;

export interface SocketInspection {
  readonly readyState: string;
  readonly destroyed: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly readableEnded: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly readableLength: number;
  readonly writableLength: number;
}
