import type { SocketsReading } from "../../model/leak.ts";
import type { SocketRow } from "../../model/socket.ts";
import type { HeldSockets } from "../../observe/proc/reader.ts";
import type { RunProgram } from "../../observe/proc/run-program.ts";
import { awaitsAccept } from "../unaccepted.ts";
import { readTable, type TableReading } from "./table.ts";

/** The inodes of rows to which a descriptor refers. */
export function inodesOf(rows: readonly SocketRow[]): ReadonlySet<number> {
  return new Set(rows.flatMap(({ inode = 0 }) => (inode === 0 ? [] : [inode])));
}

type Search = (wanted?: ReadonlySet<number>) => Promise<HeldSockets>;

interface Restriction {
  /** Looks for holders among the processes of the subject. */
  readonly search: Search;
  /** Runs programs where the table was read. */
  readonly run: RunProgram;
  readonly everything: boolean;
}

/**
 * A reading of those rows alone that the subject's processes hold, and of connections that wait for it to accept them:
 * other sockets of the namespace are others'. Looks for no holder where there is nothing to hold.
 */
export async function heldRows(
  { atMs, rows }: TableReading,
  { search, run, everything }: Restriction,
): Promise<SocketsReading & { readonly unreadable: readonly number[] }> {
  const wanted = inodesOf(rows);
  const nothing: HeldSockets = { holders: new Map(), unreadable: [] };
  const { holders, unreadable } = everything ? await search() : wanted.size === 0 ? nothing : await search(wanted);
  const held = rows.filter(({ inode = 0 }) => holders.has(inode));
  return { atMs, rows: [...held, ...(await waitingFor(rows, search, run))], holders, unreadable };
}

/** Connections to ports on which the subject listens. Only where there are some that wait is it asked for its listeners. */
async function waitingFor(rows: readonly SocketRow[], search: Search, run: RunProgram): Promise<readonly SocketRow[]> {
  const waiting = rows.filter(awaitsAccept);
  if (waiting.length === 0) return [];
  const listeners = (await readTable(run, { states: ["LISTEN"] })).rows;
  const { holders } = await search(inodesOf(listeners));
  const ports = new Set(listeners.filter(({ inode = 0 }) => holders.has(inode)).map(({ local }) => local.port));
  return waiting.filter(({ local }) => ports.has(local.port));
}
