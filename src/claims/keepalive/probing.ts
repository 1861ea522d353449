import type { Observation } from "../../judge/observation.ts";
import { timerAt } from "../../judge/states.ts";
import type { Within } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { SocketTimer } from "../../model/socket.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { isBareAck, type WireSegment } from "../../timeline/wire.ts";

/** Whether the keep-alive timer was as asked at a labelled reading. ss counts the unanswered probes as its retransmits. */
export function keepAliveAt(
  t: Timeline,
  label: string,
  endpoint: string,
  isSo: (timer: SocketTimer) => boolean,
): Observation {
  return timerAt(t, label, endpoint, (timer) => timer?.name === "keepalive" && isSo(timer));
}

/** Resolves once ss shows `count` probes or more that have had no answer. */
export async function hasProbed(endpoint: Endpoint, count: number, within: Within = {}): Promise<void> {
  await endpoint.shows(
    `${count} unanswered keep-alive probes`,
    ({ row }) => row?.timer?.name === "keepalive" && row.timer.retransmits >= count,
    within,
  );
}

/**
 * The keep-alive probes an endpoint sent, in order. Linux's carry nothing and the number before the next one: a byte that
 * the peer has acknowledged already (RFC 9293 §3.8.4).
 */
export function probesOf(segments: readonly WireSegment[], from: string): readonly WireSegment[] {
  let next = 0;
  return segments.filter((segment) => {
    if (segment.from !== from) return false;
    const isProbe = isBareAck(segment) && segment.seq === next - 1;
    next = Math.max(next, segment.next);
    return isProbe;
  });
}
