import type { Case } from "../../experiment/claim.ts";
import type { LosableSegment } from "../../fault/segments.ts";
import { given, type Question } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { atOnceNeeds, bothOpen } from "./at-once.ts";

type Opening = Pick<Case, "needs" | "timerMs" | "experiment">;

/** A connection of which one opening segment is lost once, and sent again after a second. */
export function opensWithout(segment: Extract<LosableSegment, "SYN" | "SYN+ACK">): Opening {
  return {
    needs: { capture: true },
    timerMs: 1000,
    async experiment(lab) {
      const listener = await lab.listen();
      const target = segment === "SYN" ? { to: listener } : { from: listener };
      await using lost = await lab.lose(segment, { ...target, times: 1 });
      const client = await lab.attempt(listener);
      await client.saw("connect");
      await lost.catches();
    },
  };
}

/** Neither side listens. */
export const opensAtOnce: Opening = { needs: atOnceNeeds, experiment: bothOpen };

/** A case about a connection that has been opened this way. */
export function whenOpen(name: string, opening: Opening, ask: (t: Timeline) => readonly Check[]): Case {
  const question: Question = (t) => [
    given("the client's runtime has its connection", sawEvent(t, "client", "connect")),
    ...ask(t),
  ];
  return { name, ...opening, question };
}
