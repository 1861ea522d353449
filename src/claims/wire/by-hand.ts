import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import { FinwaitError } from "../../model/errors.ts";
import { timelineOf } from "../../timeline/timeline.ts";
import { sentBy, wireOf } from "../../timeline/wire.ts";

/** The wire's own numbers that an endpoint's next segment has to carry; what was sent must have been captured. */
export async function nextNumbers(
  lab: Session,
  from: Endpoint,
  to: Endpoint,
): Promise<{ readonly sequence: number; readonly acknowledgment: number }> {
  const wire = wireOf(timelineOf(await lab.segments()));
  const nextOf = ({ name }: Endpoint): number => {
    const last = sentBy(wire, name).toSorted((a, b) => b.next - a.next)[0];
    if (last === undefined) {
      throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `Nothing that ${name} sent was captured.`);
    }
    return (last.fact.segment.sequence + last.next - last.seq) % 2 ** 32;
  };
  return { sequence: nextOf(from), acknowledgment: nextOf(to) };
}
