import type { EndpointName, SegmentFact } from "../../model/fact.ts";
import type { Segment, TcpFlag } from "../../model/segment.ts";
import { addressText, type SocketAddress } from "../../model/socket.ts";
import type { MonoNs } from "../../model/time.ts";

/** A segment as one host's capture saw it pass. */
export interface CapturedSegment {
  readonly at: MonoNs;
  readonly host: string;
  readonly direction: "in" | "out" | "unknown";
  readonly segment: Segment;
  readonly uncertaintyNs: number;
}

/** Segments that a fault's rule is known to have dropped: as many as `count` of that look. */
export interface LostSegments {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** In either byte order. */
  readonly sequence: number;
  readonly count: number;
}

/** What one fault lost at one host, while it was at work there. */
export interface LossRecord {
  readonly fault: string;
  readonly host: string;
  /** Before its rule was there: nothing that came earlier was lost to it. */
  readonly from: MonoNs;
  /** When its rule is known to have been there: everything of its kind that came later was lost to it, as far as it counts. */
  readonly surelyFrom: MonoNs;
  /** Absent while it is at work. */
  readonly until?: MonoNs;
  readonly lost: readonly LostSegments[];
  /** Whether it drops segments of these flags at all. */
  readonly drops: (flags: readonly TcpFlag[]) => boolean;
}

/** The endpoint that had this address towards that peer at that time. */
export type NameOf = (local: SocketAddress, peer: SocketAddress, at: MonoNs) => EndpointName | undefined;

type Draft = { -readonly [K in keyof SegmentFact]: SegmentFact[K] } & { arrivalHost?: string };

/**
 * Joins what was captured at both ends: a segment that left one host and came in at another is one fact. On loopback it
 * is captured once, coming in. Which ones a fault lost is known from the rule itself, by ports and number; of
 * several that look alike the rule lost the earliest since it was there.
 */
export function joinSegments(
  captured: readonly CapturedSegment[],
  losses: readonly LossRecord[],
  nameOf: NameOf,
): readonly SegmentFact[] {
  const sent = new Map<string, Draft[]>();
  const drafts: Draft[] = [];
  // What leaves is seen before it comes in, on whichever clock: only the order within a key matters here.
  const inOrder = captured.toSorted(
    (a, b) => Number(a.direction !== "out") - Number(b.direction !== "out") || a.at - b.at,
  );
  for (const one of inOrder) {
    const key = likeness(one.segment);
    const before = one.direction === "out" ? undefined : sent.get(key)?.shift();
    if (before !== undefined) {
      before.arrivedAt = one.at;
      before.arrivalHost = one.host;
      before.segment = { ...one.segment, ...checksumOf(before.segment, one.segment) };
      before.uncertaintyNs = Math.max(before.uncertaintyNs, one.uncertaintyNs);
      continue;
    }
    const draft = draftOf(one, nameOf);
    drafts.push(draft);
    if (one.direction === "out") sent.set(key, [...(sent.get(key) ?? []), draft]);
  }
  for (const loss of losses) markLost(drafts, loss);
  return drafts.map(({ arrivalHost: _, ...fact }) => fact).sort((a, b) => a.at - b.at);
}

function draftOf({ at, host, direction, segment, uncertaintyNs }: CapturedSegment, nameOf: NameOf): Draft {
  const from = nameOf(segment.source, segment.destination, at);
  const to = nameOf(segment.destination, segment.source, at);
  return {
    kind: "segment",
    at,
    host,
    segment,
    uncertaintyNs,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(direction === "out" ? {} : { arrivedAt: at, arrivalHost: host }),
  };
}

/** The checksum that is right, if one of the two is: on its way out it may not have been filled in yet. */
function checksumOf(sent: Segment, arrived: Segment): Pick<Segment, "checksum" | "checksumIsRight"> {
  const { checksum, checksumIsRight } = arrived.checksumIsRight === true ? arrived : sent;
  return { checksum, ...(checksumIsRight === undefined ? {} : { checksumIsRight }) };
}

function likeness({
  source,
  destination,
  flags,
  sequence,
  acknowledgment,
  payloadBytes,
  window,
  options,
}: Segment): string {
  const { timestamps } = options;
  const ends = `${addressText(source)} ${addressText(destination)}`;
  return `${ends} ${flags.join()} ${sequence} ${acknowledgment} ${payloadBytes} ${window} ${timestamps?.value} ${timestamps?.echo}`;
}

function markLost(drafts: readonly Draft[], { fault, host, from, surelyFrom, until, lost, drops }: LossRecord): void {
  for (const { sourcePort, destinationPort, sequence, count } of lost) {
    const alike = drafts.filter(({ segment, arrivedAt, arrivalHost, lostTo, uncertaintyNs }) => {
      if (arrivedAt === undefined || arrivalHost !== host || lostTo !== undefined) return false;
      if (segment.sequence !== sequence && segment.sequence !== swapped(sequence)) return false;
      if (segment.source.port !== sourcePort || segment.destination.port !== destinationPort) return false;
      if (arrivedAt + uncertaintyNs < from) return false;
      if (until !== undefined && arrivedAt - uncertaintyNs > until) return false;
      return drops(segment.flags);
    });
    const inOrder = alike.toSorted((a, b) => (a.arrivedAt ?? 0) - (b.arrivedAt ?? 0));
    const [unsure, sure] = [inOrder.filter(isBefore(surelyFrom)), inOrder.filter((one) => !isBefore(surelyFrom)(one))];
    // The rule came to be among the unsure ones: the last of them are the likeliest.
    for (const draft of [...sure, ...unsure.toReversed()].slice(0, count)) draft.lostTo = fault;
  }
}

const isBefore =
  (time: MonoNs) =>
  ({ arrivedAt = time }: Draft): boolean =>
    arrivedAt < time;

/** nft lists a mark in the machine's own byte order, although the number in it came from the wire. */
function swapped(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | ((value >>> 24) & 0xff)) >>> 0;
}
