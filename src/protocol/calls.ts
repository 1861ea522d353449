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
    /** Nothing is told of the connections and their sockets: for hundreds of them, which are counted instead. */
    quiet: "boolean?",
    /** Every connection is ended as soon as it is accepted. */
    endsFirst: "boolean?",
  },
  /**
   * A server of Node's http module, whose settings these are; left out, they are Node's own. It answers every request with
   * a short text. Its sockets are named and told of as those of `listen`, except that the parser takes what they receive.
   */
  listenHttp: {
    server: "name",
    address: "text",
    port: "integer",
    quiet: "boolean?",
    keepAliveTimeout: "integer?",
    maxRequestsPerSocket: "integer?",
    headersTimeout: "integer?",
    requestTimeout: "integer?",
    /** How often the two above are looked at. */
    connectionsCheckingInterval: "integer?",
    /** `server.setTimeout()`. */
    timeout: "integer?",
    /** Answers with `Connection: close`. */
    closes: "boolean?",
    /** Does not answer at all. */
    silent: "boolean?",
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
  /**
   * Opens a connection, writes `text` where it is not empty, and says what came back: the first 4 KiB, one character a
   * byte. Ends when the other side has ended, or was silent for `quietMs` after its first byte, or has sent 64 KiB, or
   * after `withinMs`; the connection is closed then. That it cannot be opened is an answer too.
   */
  exchange: {
    address: "text",
    port: "integer",
    localPort: "integer?",
    text: "text",
    quietMs: "integer",
    withinMs: "integer",
  },
  /** Writes `bytes` bytes of the pattern; answered when `write()` returned, with its return value. A 'written' event follows. */
  write: { socket: "name", bytes: "integer" },
  /** Writes a text as it is, where a peer wants words and not the pattern: an HTTP request. */
  say: { socket: "name", text: "text" },
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
  /**
   * Opens `count` connections, `atOnce` (1) at a time, and closes each: by end() (the default), by resetAndDestroy() when
   * `closing` is "reset", by waiting for the server's end when "peer". None is begun after one has failed. Their ports are
   * those from `firstPort` on; left out, the kernel chooses, and may choose one twice.
   */
  openAndClose: {
    client: "name",
    address: "text",
    port: "integer",
    count: "integer",
    atOnce: "integer?",
    closing: "text?",
    localAddress: "text?",
    firstPort: "integer?",
  },
  /**
   * Makes `count` requests with the http.Agent of that name, `atOnce` (1) at a time, each `gapMs` after the answer to the
   * one before. The first call makes the Agent, with its options; Node's own where they are left out.
   */
  requestHttp: {
    client: "name",
    address: "text",
    port: "integer",
    count: "integer",
    atOnce: "integer?",
    gapMs: "integer?",
    keepAlive: "boolean?",
    maxSockets: "integer?",
    maxFreeSockets: "integer?",
    /** The Agent's `timeout`: how long it keeps an idle connection. */
    timeout: "integer?",
  },
  /** Destroys the http.Agent of that name with its idle connections. */
  closeHttp: { client: "name" },
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
   * Starts a program and leaves it running. What it writes comes as 'output' notices, its end as a 'programExit'. With
   * `input` its stdin stays open for `feed`. `env` is its whole environment, as NAME=value; left out, it is the agent's.
   * Refused with ENOENT when there is no such program, or no such `cwd`.
   */
  start: {
    program: "name",
    command: "text",
    args: "texts",
    input: "boolean?",
    cwd: "text?",
    env: "texts?",
  },
  /** Writes to a started program's stdin. */
  feed: { program: "name", text: "text" },
  /** Sends a signal to a started program; one that has ended already is none. */
  signal: { program: "name", signal: "text" },
  /** Sends `text` as a datagram to a port of the loopback, where whoever captures sees it: `startedAt` and `endedAt` frame the moment. */
  mark: { port: "integer", text: "text" },
  /**
   * Destroys everything this process holds whose name begins with `prefix`: sockets by reset, servers, children. Their
   * names are free again and they report nothing more, except that a child's exit is announced. Answered when it is done.
   */
  release: { prefix: "text" },
} as const satisfies Record<string, Record<string, ParameterKind>>;

/** What `reading` may be: `none` attaches no 'data' listener, `flow` (the default) counts and hashes. */
export type Reading = "flow" | "none";

export type ParameterKind = "name" | "text" | "texts" | "integer" | "boolean" | OptionalKind;

type OptionalKind = "text?" | "texts?" | "integer?" | "boolean?";

interface ParameterTypes {
  name: string;
  text: string;
  texts: readonly string[];
  integer: number;
  boolean: boolean;
  "text?": string;
  "texts?": readonly string[];
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
  listenHttp: { readonly address: string; readonly port: number };
  /** `opened` ended well; `error` is of the first that did not. */
  openAndClose: { readonly opened: number; readonly error?: RefusedConnection };
  /** How many requests were answered, over how many connections; the codes of the others. */
  requestHttp: { readonly answered: number; readonly connections: number; readonly errors: readonly string[] };
  /** `code` says why it could not be opened, or how it broke; `total` counts all bytes that came. */
  exchange: {
    readonly isConnected: boolean;
    readonly received: string;
    readonly total: number;
    readonly isEnded: boolean;
    readonly code?: string;
    readonly tookMs: number;
  };
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
  start: { readonly pid: number };
  mark: { readonly startedAt: number; readonly endedAt: number };
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

/** Why a connection could not be opened, in the runtime's words. */
export interface RefusedConnection {
  readonly code: string;
  readonly message: string;
}

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
