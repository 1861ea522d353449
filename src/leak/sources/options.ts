import type { SocketRow } from "../../model/socket.ts";
import type { TcpState } from "../../model/state.ts";

/** How much a source looks at. */
export interface SourceOptions {
  /**
   * False, which is the default: only sockets in the states that a leak is in (FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT), and
   * holders only of these. True: all but listening ones, and every socket that the subject holds, as a Tracker with
   * `remembersAll` needs it.
   */
  readonly everything?: boolean;
  /** Takes away what is not wanted of a row as soon as it is read. Default: rows are whole. */
  readonly keep?: (row: SocketRow) => SocketRow;
}

const suspicious = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"] as const satisfies readonly TcpState[];
const others = ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "CLOSING", "LAST-ACK", "TIME-WAIT"] as const;

/** The states to ask ss for. */
export function statesFor({ everything = false }: SourceOptions): readonly TcpState[] {
  return everything ? [...suspicious, ...others] : suspicious;
}
