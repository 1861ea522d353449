/** What finwait's exit code says. */
export const exitCodes = {
  done: 0,
  /** A verdict differs from what was expected, a program leaks sockets, a threshold of `watch` is passed. */
  differs: 1,
  usage: 2,
  /** The harness broke. */
  broke: 3,
  /** A required capability is missing. */
  missing: 4,
  /** Ctrl-C, as a shell reports it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
