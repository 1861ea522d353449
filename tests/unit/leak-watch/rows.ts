import type { SocketHolder, SocketsReading } from "../../../src/model/leak.ts";
import type { SocketRow } from "../../../src/model/socket.ts";

export const node: SocketHolder = { pid: 4711, process: "node", fd: 23 };

/** A socket in CLOSE-WAIT that its program read to the end, and did not close. */
export function closeWait(id: number, over: Partial<SocketRow> = {}): SocketRow {
  return {
    state: "CLOSE-WAIT",
    recvQ: 0,
    sendQ: 0,
    local: { address: "10.0.0.1", port: 8080 },
    peer: { address: "10.0.0.7", port: 40_000 + id },
    cookie: id.toString(16),
    inode: 1000 + id,
    tcpInfo: {},
    owners: [],
    line: `CLOSE-WAIT 0 0 10.0.0.1:8080 10.0.0.7:${40_000 + id}`,
    ...over,
  };
}

/** A reading in which one process holds every socket. */
export function reading(atMs: number, rows: readonly SocketRow[], holder = node): SocketsReading {
  return { atMs, rows, holders: new Map(rows.map(({ inode = 0 }) => [inode, [{ ...holder, fd: inode - 977 }]])) };
}
