import { addressText } from "../model/socket.ts";
import { has, isBareAck, type WireSegment } from "./wire.ts";

/** What a segment is in its conversation, where its header alone does not say it. */
export type Meaning = "again" | "keep-alive" | "window probe" | "window update";

/**
 * What each segment means beside those sent before it: bytes (or a SYN, a FIN) that were sent before are sent again, an
 * ACK one number behind is a probe (RFC 9293 §3.8.4, §3.8.6.1), an ACK that opens a window of zero is a window update.
 */
export function meaningsOf(segments: readonly WireSegment[]): ReadonlyMap<WireSegment, Meaning> {
  const meanings = new Map<WireSegment, Meaning>();
  const directions = new Map<string, Direction>();
  for (const segment of segments) {
    const { source, destination, window, flags } = segment.fact.segment;
    const [there, back] = [addressText(source), addressText(destination)];
    const key = `${there} ${back} ${segment.connection}`;
    const sent = directions.get(key);
    const meaning = meaningOf(segment, sent, directions.get(`${back} ${there} ${segment.connection}`));
    if (meaning !== undefined) meanings.set(segment, meaning);
    if (has(segment, "RST")) continue;
    directions.set(key, {
      next: Math.max(segment.next, sent?.next ?? segment.next),
      ack: segment.ack,
      window,
      hasSentSynAck: (sent?.hasSentSynAck ?? false) || (flags.includes("SYN") && flags.includes("ACK")),
    });
  }
  return meanings;
}

/** What one side has sent so far. */
interface Direction {
  readonly next: number;
  readonly ack: number | undefined;
  readonly window: number;
  readonly hasSentSynAck: boolean;
}

function meaningOf(
  segment: WireSegment,
  sent: Direction | undefined,
  peer: Direction | undefined,
): Meaning | undefined {
  if (sent === undefined || has(segment, "RST")) return undefined;
  if (isBareAck(segment)) {
    if (segment.seq === sent.next - 1) return peer?.window === 0 ? "window probe" : "keep-alive";
    const opens = sent.window === 0 && segment.fact.segment.window > 0 && segment.ack === sent.ack;
    return opens ? "window update" : undefined;
  }
  // Simultaneous open: the SYN,ACK repeats the number of the side's own SYN, and says something new.
  if (has(segment, "SYN", "ACK") && !sent.hasSentSynAck) return undefined;
  return segment.next > segment.seq && segment.seq < sent.next ? "again" : undefined;
}
