import type { Case } from "../../experiment/claim.ts";
import type { LosableSegment } from "../../fault/segments.ts";
import { given, type Question } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";

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

/** Neither side listens. Segments are held between the two hosts, so the case wants them for itself. */
export const opensAtOnce: Opening = { needs: { capture: true, exclusive: true }, experiment: bothOpen };

/** A case about a connection that has been opened this way. */
export function whenOpen(name: string, opening: Opening, ask: (t: Timeline) => readonly Check[]): Case {
  const question: Question = (t) => [
    given("the client's runtime has its connection", sawEvent(t, "client", "connect")),
    ...ask(t),
  ];
  return { name, ...opening, question };
}

/**
 * Both sides connect to each other, and nobody listens: each SYN leaves before the other's has come (RFC 9293 §3.5,
 * figure 7). A connection of two others, "near", is there only because what is held must find its way first.
 */
async function bothOpen(lab: Session): Promise<void> {
  const near = await lab.connect({ client: { name: "near" } });
  const { local: reserved } = await closedListener(lab);
  await using clientsHold = await lab.hold({ from: near.client });
  await using serversHold = await lab.hold({ from: near.server });
  await Promise.all([near.client.write(1), near.server.write(1)]);
  const client = await lab.attempt(reserved, { name: "client" });
  const server = await lab.attempt(client.local, { name: "server", host: "server", localPort: reserved.port });
  await clientsHold.release();
  await serversHold.release();
  await Promise.all([client.saw("connect"), server.saw("connect")]);
  await lab.reading("open");
}

/** A server's port that nobody else has, free again. */
async function closedListener(lab: Session) {
  const listener = await lab.listen();
  await listener.close();
  return listener;
}
