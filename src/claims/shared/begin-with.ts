import type { Peer } from "../../lab/peer/peer.ts";

/** TCP_SEND_QUEUE in linux/tcp.h. */
const sendQueue = 2;

/**
 * Makes a socket that is not connected yet begin with this sequence number; one below 0 is that far from 2^32. Otherwise
 * the kernel's clock chooses, which ticks every 64 ns, 15.6 million times a second (RFC 9293 §3.4.1 speaks of 4 µs,
 * 250,000 a second): after a connection that sent more than that, the next one begins below its last number.
 */
export async function beginWith(peer: Peer, sequence: number): Promise<void> {
  await peer.set("TCP_REPAIR", 1);
  await peer.set("TCP_REPAIR_QUEUE", sendQueue);
  await peer.set("TCP_QUEUE_SEQ", sequence);
  await peer.set("TCP_REPAIR", 0);
}
