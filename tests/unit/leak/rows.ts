import type { SocketRow } from "../../../src/model/socket.ts";
import type { TcpState } from "../../../src/model/state.ts";

/** A row as ss would give it. */
export function row(state: TcpState, more: Partial<SocketRow> = {}): SocketRow {
  const { cookie = "1", inode = 11, recvQ = 0, sendQ = 0 } = more;
  return {
    state,
    recvQ,
    sendQ,
    local: { address: "127.0.0.1", port: 80 },
    peer: { address: "127.0.0.1", port: 40_000 },
    cookie,
    inode,
    tcpInfo: {},
    owners: [],
    line: `${state} ${recvQ} ${sendQ} 127.0.0.1:80 127.0.0.1:40000 ino:${inode} sk:${cookie}`,
    ...more,
  };
}
