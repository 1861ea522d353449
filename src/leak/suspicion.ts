import type { LeakCause } from "../model/leak.ts";
import type { SocketRow } from "../model/socket.ts";

/** What is known of a socket besides its row. */
export interface Circumstances {
  /** Its peer has ended, whether or not that could arrive. */
  readonly peerEnded?: boolean;
  /** The subject was told to stop, and no longer listens. */
  readonly subjectStopping?: boolean;
}

/**
 * Why a socket is suspect, if it is: its end has come, and a descriptor still refers to it. Whether it leaks is a matter
 * of time. An orphan (`ino:0`) is the kernel's to end, and never suspect.
 */
export function suspicion(row: SocketRow, { peerEnded, subjectStopping }: Circumstances = {}): LeakCause | undefined {
  if ((row.inode ?? 0) === 0) return undefined;
  switch (row.state) {
    case "CLOSE-WAIT":
      // Unsent data first: a program that still writes has seen the end, or will when its writes are done.
      return row.sendQ > 0 ? "not-sent" : row.recvQ > 0 ? "not-read" : "not-closed";
    case "FIN-WAIT-2":
      return "half-closed";
    case "FIN-WAIT-1":
      return "not-sent";
    case "ESTABLISHED":
      if (peerEnded && row.recvQ > 0) return "not-drained";
      return subjectStopping ? "kept-from-stopping" : undefined;
    default:
      return undefined;
  }
}

/** What moves while a connection is still of use. Two readings with the same progress saw nothing happen in between. */
export function progressOf(row: SocketRow): string {
  const { bytes_sent = "0", bytes_retrans = "0", bytes_acked = "0", bytes_received = "0" } = row.tcpInfo;
  // bytes_sent counts every repetition: towards a peer that is gone it grows for a quarter of an hour, and nothing moves.
  const firstSent = Number(bytes_sent) - Number(bytes_retrans);
  return `${row.recvQ} ${row.sendQ} ${firstSent} ${String(bytes_acked)} ${String(bytes_received)}`;
}
