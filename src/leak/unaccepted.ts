import type { SocketRow } from "../model/socket.ts";

/**
 * Whether a connection whose peer has ended still waits to be accepted. In CLOSE-WAIT nothing else has no descriptor: to
 * close the last one is to send the FIN, which leads to LAST-ACK. It is nobody's leak yet, and may become one: a
 * program that is looked at before it was given the processor is not healthy for that.
 */
export function awaitsAccept({ state, inode = 0 }: SocketRow): boolean {
  return state === "CLOSE-WAIT" && inode === 0;
}
