import { allOf, type Observation } from "../../judge/observation.ts";
import { onWire } from "../../judge/wire.ts";
import type { EndpointName } from "../../model/fact.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, isBareAck, segmentsBetween, type WireSegment } from "../../timeline/wire.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { atOnce } from "./ways-to-answer.ts";

/** What a segment is to a close. Every segment of a close but a RST carries an acknowledgment too. */
export type ClosingPart = "FIN" | "ACK" | "RST";

/**
 * The segments that a close consists of, in the order of sending: those with a FIN or a RST, and those that acknowledge a
 * FIN and nothing else. Data that is sent meanwhile, and its acknowledgments, belong to the transfer.
 */
export function closingOf(segments: readonly WireSegment[]): readonly WireSegment[] {
  return segments.filter((segment) => partOf(segment, segments) !== undefined);
}

/** As text: "FIN, ACK, FIN, ACK". */
export function sequenceOf(segments: readonly WireSegment[]): string {
  return closingOf(segments)
    .map((segment) => partOf(segment, segments))
    .join(", ");
}

/** The first FIN that this endpoint sent. */
export function finOf(segments: readonly WireSegment[], side: EndpointName | undefined): WireSegment | undefined {
  return segments.find((segment) => segment.from === side && has(segment, "FIN"));
}

/** Whether it acknowledges the other side's FIN: its number, and so every byte before it. */
export function acknowledgesFin(segment: WireSegment, segments: readonly WireSegment[]): boolean {
  const fin = finOf(segments, segment.to);
  return fin !== undefined && segment.ack === fin.next;
}

function partOf(segment: WireSegment, segments: readonly WireSegment[]): ClosingPart | undefined {
  if (has(segment, "RST")) return "RST";
  if (has(segment, "FIN")) return "FIN";
  return isBareAck(segment) && acknowledgesFin(segment, segments) ? "ACK" : undefined;
}

/** For how long Linux keeps an acknowledgment back at least, in the hope that something else will carry it (TCP_DELACK_MIN). */
const delayedAckMs = 40;

/** A client and its server, by their names in one story. */
export interface Ends {
  readonly client: EndpointName;
  readonly server: EndpointName;
}

export const onlyEnds: Ends = { client: "client", server: "server" };

/** Of several connections, the one on which the passive side's FIN followed the active side's soonest. */
export function soonestAnswer(t: Timeline, active: Side): Ends {
  const answered = Array.from({ length: atOnce }, (_, index): Ends => {
    const suffix = index === 0 ? "" : `-${index + 1}`;
    return { client: `client${suffix}`, server: `server${suffix}` };
  });
  const delays = answered.map((ends) => answerOf(segmentsBetween(t, ends.client, ends.server), ends, active)?.tookMs);
  const soonest = Math.min(...delays.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  return answered[delays.indexOf(soonest)] ?? onlyEnds;
}

/** Whether the passive side's FIN left before the kernel would have acknowledged the active side's by itself. */
export function answeredInTime(t: Timeline, ends: Ends, active: Side): Observation {
  return onWire(t, [ends.client, ends.server], (segments) => {
    const answer = answerOf(segments, ends, active);
    if (answer === undefined) return { answer: undefined, shown: [] };
    return { answer: answer.tookMs < delayedAckMs, shown: answer.fins };
  });
}

function answerOf(segments: readonly WireSegment[], ends: Ends, active: Side) {
  const first = finOf(segments, ends[active]);
  const second = finOf(segments, ends[otherSide(active)]);
  if (first?.fact.arrivedAt === undefined || second === undefined) return undefined;
  return { tookMs: (second.fact.at - first.fact.arrivedAt) / 1e6, fins: [first, second] };
}

/** Whether both FINs were sent and neither side's was the answer to the other's. */
export function finsCrossed(t: Timeline): Observation {
  const crossed = (one: Side) =>
    onWire(t, ["client", "server"], (segments) => {
      const fin = finOf(segments, one);
      if (fin === undefined) return { answer: undefined, shown: [] };
      return { answer: !acknowledgesFin(fin, segments), shown: [fin] };
    });
  return allOf(crossed("client"), crossed("server"));
}
