import type { EndpointName } from "../model/fact.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { observersOf, segmentsBetween, type WireSegment, wireOf } from "../timeline/wire.ts";
import type { Observation } from "./observation.ts";

/** What a look at captured segments gave: the answer, and the segments that show it. */
export interface WireFinding {
  readonly answer: boolean | undefined;
  readonly shown: readonly WireSegment[];
}

const shownAtMost = 6;

/**
 * Whether the segments captured between two endpoints are as asked. Unseen when nothing was captured, or when a capture
 * lost anything: a segment that is not there may then have been.
 */
export function onWire(
  t: Timeline,
  [one, other]: readonly [EndpointName, EndpointName],
  look: (segments: readonly WireSegment[]) => WireFinding,
): Observation {
  return judged(t, segmentsBetween(t, one, other), look);
}

/** As onWire, for all segments of the story: where one four-tuple is used again, or many connections are compared. */
export function onWholeWire(t: Timeline, look: (segments: readonly WireSegment[]) => WireFinding): Observation {
  return judged(t, wireOf(t), look);
}

function judged(
  t: Timeline,
  segments: readonly WireSegment[],
  look: (segments: readonly WireSegment[]) => WireFinding,
): Observation {
  const captures = observersOf(t, "capture");
  const lossy = captures.filter((capture) => capture.lost > 0);
  if (captures.length === 0 || segments.length === 0) return { answer: undefined, evidence: captures };
  if (lossy.length > 0) return { answer: undefined, evidence: lossy };
  const { answer, shown } = look(segments);
  return { answer, evidence: (shown.length === 0 ? segments : shown).slice(0, shownAtMost).map(({ fact }) => fact) };
}

/** Whether every segment picked is as asked; unseen when none was picked. The evidence is the first that is not, or the first few. */
export function everySegment(segments: readonly WireSegment[], isSo: (segment: WireSegment) => boolean): WireFinding {
  const against = segments.filter((segment) => !isSo(segment));
  if (segments.length === 0) return { answer: undefined, shown: [] };
  return against.length > 0 ? { answer: false, shown: against } : { answer: true, shown: segments };
}

/** Whether some segment is as asked: no when the whole capture has none. */
export function someSegment(segments: readonly WireSegment[], isSo: (segment: WireSegment) => boolean): WireFinding {
  const found = segments.filter(isSo);
  return found.length > 0 ? { answer: true, shown: found } : { answer: false, shown: segments };
}

/** Whether the first segments are as asked, one by one; unseen when there are fewer. */
export function inTurn(
  segments: readonly WireSegment[],
  wanted: readonly ((segment: WireSegment) => boolean)[],
): WireFinding {
  const shown = segments.slice(0, wanted.length);
  const isSo = shown.every((segment, index) => wanted[index]?.(segment));
  return { answer: isSo && shown.length < wanted.length ? undefined : isSo, shown };
}
