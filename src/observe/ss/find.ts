import type { SocketAddress, SocketRow } from "../../model/socket.ts";
import { sameAddress } from "./address.ts";

/** The first row with these two ends; a listener's peer is its own wildcard address and port 0. */
export function findSocket(
  rows: readonly SocketRow[],
  ends: { readonly local: SocketAddress; readonly peer: SocketAddress },
): SocketRow | undefined {
  return rows.find((row) => sameEnd(row.local, ends.local) && sameEnd(row.peer, ends.peer));
}

function sameEnd(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && sameAddress(a.address, b.address);
}
