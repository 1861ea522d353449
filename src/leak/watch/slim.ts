import type { SocketRow } from "../../model/socket.ts";

/** What a Tracker tells progress by; of the rest, `line` has everything. */
const progress: ReadonlySet<string> = new Set(["bytes_sent", "bytes_retrans", "bytes_acked", "bytes_received"]);

/** A row without what `finwait watch` does not look at: of thousands of suspects, it would be most of the memory. */
export function slimRow({ memory: _memory, tcpInfo, ...row }: SocketRow): SocketRow {
  return { ...row, tcpInfo: Object.fromEntries(Object.entries(tcpInfo).filter(([name]) => progress.has(name))) };
}
