import type { Case } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { onWire, someSegment } from "../../judge/wire.ts";
import type { MeasureFact } from "../../model/fact.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, isSyn, sentBy, type WireSegment } from "../../timeline/wire.ts";
import { beginWith } from "../shared/begin-with.ts";
import { sides } from "../shared/sides.ts";

const numbers = 2 ** 32;
const bytes = 5;

/** RFC 9293 §3.4: all arithmetic with these numbers is modulo 2^32. */
export const pastTheLastNumber: Case = {
  name: "the numbers come to their end, 4,294,967,295 (the first one chosen by TCP_REPAIR)",
  needs: { capture: true },
  async experiment(lab) {
    const listener = await lab.listen();
    const client = await lab.peer(listener);
    await beginWith(client, -3);
    await client.connect();
    await client.connected();
    for (const total of [bytes, 2 * bytes]) {
      await client.send(bytes);
      await listener.endOf(client).received(total);
    }
  },
  question: (t) => [
    given(
      "the client's SYN has the last number but two",
      onWire(t, sides, (all) => someSegment(all.filter(isSyn), ({ fact }) => fact.segment.sequence === numbers - 3)),
    ),
    claimed(
      `after ${bytes} bytes the number has moved on by ${bytes}, beginning again at 0 (modulo 2^32)`,
      movesOnBy(t, bytes),
    ),
  ],
};

/** Of the client's first two segments with data, as the wire has their numbers; lines of evidence count from the SYN. */
function movesOnBy(t: Timeline, count: number): Observation {
  let asCaptured: readonly MeasureFact[] = [];
  const { answer, evidence } = onWire(t, sides, (all) => {
    const data = sentBy(all, "client").filter(carriesData);
    const [first, second] = [data[0], data.find(({ seq }) => seq > (data[0]?.seq ?? 0))];
    if (first === undefined || second === undefined) return { answer: undefined, shown: data };
    asCaptured = [first, second].map(asMeasure);
    const expected = (first.fact.segment.sequence + count) % numbers;
    return { answer: second.fact.segment.sequence === expected, shown: [first, second] };
  });
  return { answer, evidence: [...asCaptured, ...evidence] };
}

function asMeasure({ fact: { at, host, segment }, seq, next }: WireSegment): MeasureFact {
  const label = `bytes ${seq} to ${next - 1}`;
  return { kind: "measure", at, host, name: "sequence number on the wire", label, value: segment.sequence, unit: "" };
}
