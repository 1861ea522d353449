import type { EndpointName, ObserverFact, SegmentFact } from "../model/fact.ts";
import type { TcpFlag } from "../model/segment.ts";
import { isNumbered, type RelativeNumbers, withNumbers } from "./numbers.ts";
import type { Timeline } from "./timeline.ts";

/** A captured segment with its numbers counted from the connection's own beginning. */
export interface WireSegment extends RelativeNumbers {
  readonly fact: SegmentFact;
  /** Absent where the experiment has no name for the sender or receiver. */
  readonly from: EndpointName | undefined;
  readonly to: EndpointName | undefined;
}

/** Whether the segment carries all of these flags. */
export function has({ fact }: WireSegment, ...flags: readonly TcpFlag[]): boolean {
  return flags.every((flag) => fact.segment.flags.includes(flag));
}

/** Whether it is an acknowledgment that carries nothing else. */
export function isBareAck(segment: WireSegment): boolean {
  const { flags, payloadBytes } = segment.fact.segment;
  return payloadBytes === 0 && flags.includes("ACK") && !flags.some((flag) => ["SYN", "FIN", "RST"].includes(flag));
}

/** Whether it asks for a connection: SYN without ACK. */
export function isSyn(segment: WireSegment): boolean {
  return has(segment, "SYN") && !has(segment, "ACK");
}

/** Whether it accepts one: SYN and ACK. */
export function isSynAck(segment: WireSegment): boolean {
  return has(segment, "SYN", "ACK");
}

export function carriesData({ fact }: WireSegment): boolean {
  return fact.segment.payloadBytes > 0;
}

/** The segments that one endpoint sent, in order. */
export function sentBy(segments: readonly WireSegment[], endpoint: EndpointName): readonly WireSegment[] {
  return segments.filter(({ from }) => from === endpoint);
}

/** Whether it came in and TCP saw it: neither lost to a fault nor lost on the way. */
export function arrived({ fact }: WireSegment): boolean {
  return fact.arrivedAt !== undefined && fact.lostTo === undefined;
}

/**
 * What the other side sent from the segment's arrival on, until something else had come to it. It may say nothing of the
 * segment at first: the kernel sees what arrives a moment after the capture does.
 */
export function answersTo(segment: WireSegment, all: readonly WireSegment[]): readonly WireSegment[] {
  const from = segment.fact.arrivedAt;
  if (from === undefined || !arrived(segment)) return [];
  const others = all.filter(
    (one) => one.from === segment.from && arrived(one) && one.next > one.seq && !isRepetition(one, segment),
  );
  const until = Math.min(...others.map(({ fact }) => fact.arrivedAt ?? 0).filter((at) => at > from));
  return all.filter(({ from: sender, fact }) => sender === segment.to && fact.at >= from && fact.at <= until);
}

/** The one that acknowledges most, the first of several. */
export function farthest(segments: readonly WireSegment[]): WireSegment | undefined {
  return segments.filter(({ ack }) => ack !== undefined).toSorted((a, b) => (b.ack ?? 0) - (a.ack ?? 0))[0];
}

function isRepetition(one: WireSegment, of: WireSegment): boolean {
  return one.connection === of.connection && one.seq === of.seq && one.next === of.next;
}

/** Every captured segment of the story in the order of sending, with relative numbers. */
export function wireOf(t: Timeline): readonly WireSegment[] {
  return withNumbers(t.facts)
    .filter(isNumbered)
    .map((fact) => ({ fact, from: fact.from, to: fact.to, ...fact.relative }));
}

/** The segments between two endpoints, both directions, in the order of sending. */
export function segmentsBetween(t: Timeline, one: EndpointName, other: EndpointName): readonly WireSegment[] {
  return wireOf(t).filter(({ from, to }) => (from === one && to === other) || (from === other && to === one));
}

/** How the observers of one kind fared, the last word of each host. */
export function observersOf(t: Timeline, observer: ObserverFact["observer"]): readonly ObserverFact[] {
  const last = new Map<string, ObserverFact>();
  for (const fact of t.facts) if (fact.kind === "observer" && fact.observer === observer) last.set(fact.host, fact);
  return [...last.values()];
}
