import type { Observation } from "../../judge/observation.ts";
import { onWire } from "../../judge/wire.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, has, isBareAck, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { otherSide, type Side } from "./sides.ts";

/** Whether the side sent its FIN at least so many times more, arrived or not. Unseen when it sent none. */
export function sentAgain(t: Timeline, side: Side, times = 1): Observation {
  return onWire(t, [side, otherSide(side)], (segments) => {
    const fins = sentBy(segments, side).filter((segment) => has(segment, "FIN"));
    return { answer: fins.length === 0 ? undefined : fins.length > times, shown: fins };
  });
}

/**
 * Whether each of the side's FINs that arrived is followed by a bare ACK of its own, lost or not. Unseen unless the FIN
 * came at least so many times more.
 */
export function eachAcknowledged(t: Timeline, side: Side, times: number): Observation {
  return onWire(t, [side, otherSide(side)], (segments) => {
    const fins = sentBy(segments, side).filter((segment) => has(segment, "FIN") && arrived(segment));
    if (fins.length <= times) return { answer: undefined, shown: fins };
    const bareAcks = sentBy(segments, otherSide(side)).filter(isBareAck);
    const pairs = fins.map((fin, index) => ({ fin, ack: bareAcks.filter(acknowledges(fin, fins[index + 1]))[0] }));
    const against = pairs.filter(({ ack }) => ack === undefined);
    const shown = (against.length > 0 ? against : pairs).flatMap(({ fin, ack }) =>
      ack === undefined ? [fin] : [fin, ack],
    );
    return { answer: against.length === 0, shown };
  });
}

/** From the FIN's arrival to that of the next: an ACK belongs to one FIN alone. */
function acknowledges(fin: WireSegment, next: WireSegment | undefined): (ack: WireSegment) => boolean {
  const [from, until] = [fin.fact.arrivedAt ?? 0, next?.fact.arrivedAt ?? Number.POSITIVE_INFINITY];
  return ({ ack, fact }) => ack === fin.next && fact.at >= from && fact.at < until;
}
