import { afterAll, beforeAll, expect, test } from "vitest";
import { type Endpoint, type Lab, openLab, type Session, type TcpState } from "../../src/index.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

const closers = ["client", "server"] as const;
const ways = ["end", "destroy", "destroySoon", "resetAndDestroy"] as const;
const halfOpens = [false, true] as const;
const unreads = ["nothing unread", "data unread at the closer", "data unread at the other side"] as const;

type Way = (typeof ways)[number];
type Unread = (typeof unreads)[number];

interface Condition {
  readonly closer: (typeof closers)[number];
  readonly way: Way;
  readonly otherAllowsHalfOpen: boolean;
  readonly unread: Unread;
}

const matrix: readonly Condition[] = closers.flatMap((closer) =>
  ways.flatMap((way) =>
    halfOpens.flatMap((otherAllowsHalfOpen) => unreads.map((unread) => ({ closer, way, otherAllowsHalfOpen, unread }))),
  ),
);

/** Paused before the first read: Node reads ahead otherwise, and the kernel would have nothing unread. */
const neverReads = { reading: "none", pauseOnConnect: true } as const;
const unreadBytes = 1000;

type Rest = readonly [closers: TcpState, others: TcpState];

/** The states in which the two sides may come to rest. */
function permitted({ way, otherAllowsHalfOpen, unread }: Condition): readonly Rest[] {
  const closed: Rest = ["CLOSED", "CLOSED"];
  const otherCloses = !otherAllowsHalfOpen && unread !== "data unread at the other side";
  if (way === "resetAndDestroy") return [closed];
  if (way !== "end" && unread === "data unread at the closer") {
    // destroySoon() sends its FIN first and closes a moment later: the other's FIN may come in between, and then
    // nothing is left to reset.
    return way === "destroySoon" && otherCloses ? [closed, ["TIME-WAIT", "CLOSED"]] : [closed];
  }
  return otherCloses ? [["TIME-WAIT", "CLOSED"]] : [["FIN-WAIT-2", "CLOSE-WAIT"]];
}

async function tryCondition(lab: Session, condition: Condition): Promise<Rest> {
  const { closer: who, way, otherAllowsHalfOpen, unread } = condition;
  const closerReads = unread !== "data unread at the closer";
  const otherReads = unread !== "data unread at the other side";
  const options = {
    closer: closerReads ? {} : neverReads,
    other: { ...(otherReads ? {} : neverReads), allowHalfOpen: otherAllowsHalfOpen },
  };
  const pair = await lab.connect({
    client: who === "client" ? options.closer : options.other,
    server: who === "server" ? options.closer : options.other,
  });
  const [closer, other] = who === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
  if (!closerReads) await leaveUnread(closer, other);
  if (!otherReads) await leaveUnread(other, closer);

  await closer[way]();

  const rests = permitted(condition);
  const [closers, others] = await Promise.all([
    closer.reaches(rests.map(([state]) => state)),
    other.reaches(rests.map(([, state]) => state)),
  ]);
  // They stay there: what was reached is where they rest, not a state on the way.
  await Promise.all([closer.stays(closers.state, { for: 60 }), other.stays(others.state, { for: 60 })]);
  return [closers.state, others.state];
}

async function leaveUnread(reader: Endpoint, writer: Endpoint): Promise<void> {
  await writer.write(unreadBytes);
  await reader.hasUnread(unreadBytes);
}

describeOnEveryDriver("closing a connection", (driver) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ driver });
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  test.concurrent.each(matrix)(
    "$closer calls $way(), the other has allowHalfOpen $otherAllowsHalfOpen, $unread",
    async (condition) => {
      await using session = lab.session();
      expect(permitted(condition)).toContainEqual(await tryCondition(session, condition));
    },
  );
});
