import { execa } from "execa";
import { FinwaitError } from "../../model/errors.ts";
import type { SocketRow } from "../../model/socket.ts";
import type { RunProgram } from "../../observe/proc/run-program.ts";
import { type SsQuery, ssArguments } from "../../observe/ss/arguments.ts";
import { parseSs, parseSsKeeping } from "../../observe/ss/parse.ts";

/** Rows of a socket table, and when they were read. */
export interface TableReading {
  /** The middle of the time it took, on this process's monotonic clock. */
  readonly atMs: number;
  readonly rows: readonly SocketRow[];
}

/** Reads the socket table where `run` runs programs; of a row only what `keep` leaves. */
export async function readTable(
  run: RunProgram,
  query: SsQuery,
  keep?: (row: SocketRow) => SocketRow,
): Promise<TableReading> {
  const startedMs = performance.now();
  const text = await run("ss", ssArguments(query));
  return {
    atMs: (startedMs + performance.now()) / 2,
    rows: keep === undefined ? parseSs(text) : parseSsKeeping(text, keep),
  };
}

/** Far beyond what ss takes for a million sockets. */
const longestMs = 60_000;

/** ss and nsenter are where a user's PATH does not look on Debian. */
const env = { PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };

/**
 * Runs a program on this machine.
 *
 * @throws FINWAIT_CAPABILITY_MISSING where it is not installed, FINWAIT_COMMAND_FAILED when it fails.
 */
export const runHere: RunProgram = async (command, args) => {
  const { failed, code, stdout, stderr, shortMessage } = await execa(command, [...args], {
    env,
    reject: false,
    stdin: "ignore",
    maxBuffer: 1024 * 1024 * 1024,
    timeout: longestMs,
    killSignal: "SIGKILL",
  });
  if (!failed) return stdout;
  if (code === "ENOENT") throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", missing(command));
  throw new FinwaitError("FINWAIT_COMMAND_FAILED", `${shortMessage ?? command}: ${stderr.trim()}`);
};

function missing(command: string): string {
  if (process.platform !== "linux") return "Sockets can be looked at on Linux only: look from within the container.";
  return `needs ${command}, which is not installed. On Debian: apt-get install iproute2 util-linux`;
}
