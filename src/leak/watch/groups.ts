import type { LeakedSocket, SocketHolder } from "../../model/leak.ts";
import type { SocketAddress } from "../../model/socket.ts";
import type { Suspect } from "../tracker.ts";

/** Suspects that are alike, counted. */
export interface Group {
  /** The same for the same kind of suspects at every reading. */
  readonly key: string;
  readonly holder?: SocketHolder;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  readonly count: number;
  readonly lasting: number;
  readonly oldest: LeakedSocket;
}

/** Suspects by process, state, cause and addresses; a port counts where the whole group has the same. */
export function groupSuspects(suspects: readonly Suspect[], atMs: number, lastingMs: number): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const suspect of suspects) {
    const holder = suspect.holders[0];
    const key = keyOf(suspect, holder);
    const known = groups.get(key);
    const alone = groupOf(key, suspect, holder, atMs, lastingMs);
    groups.set(key, known === undefined ? alone : joined(known, alone));
  }
  return [...groups.values()].toSorted((a, b) => b.oldest.ageMs - a.oldest.ageMs || b.count - a.count);
}

function keyOf({ cause, row }: Suspect, holder: SocketHolder | undefined): string {
  return `${holder?.pid ?? "?"} ${row.state} ${cause} ${row.local.address} ${row.peer.address}`;
}

function groupOf(
  key: string,
  suspect: Suspect,
  holder: SocketHolder | undefined,
  atMs: number,
  lastingMs: number,
): Group {
  const { cause, row, holders, sinceMs } = suspect;
  const ageMs = atMs - sinceMs;
  return {
    key,
    ...(holder === undefined ? {} : { holder }),
    local: row.local,
    peer: row.peer,
    count: 1,
    lasting: ageMs >= lastingMs ? 1 : 0,
    oldest: { cause, row, holders, ageMs },
  };
}

function joined(a: Group, b: Group): Group {
  return {
    ...a,
    local: commonPort(a.local, b.local),
    peer: commonPort(a.peer, b.peer),
    count: a.count + b.count,
    lasting: a.lasting + b.lasting,
    oldest: b.oldest.ageMs > a.oldest.ageMs ? b.oldest : a.oldest,
  };
}

function commonPort(a: SocketAddress, b: SocketAddress): SocketAddress {
  return a.port === b.port ? a : { address: a.address, port: 0 };
}
