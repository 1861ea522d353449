import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import type { Session } from "../../lab/session.ts";
import type { Side } from "../shared/sides.ts";
import { notes, rfc1122, rfc6528, rfc9293 } from "../sources.ts";
import { cannotBeToldFromTheClock, cannotBeToldFromTimeWait, spread } from "./first-numbers.ts";

const needs = { capture: true };
/** Four quarters of the number space: by chance, one of them stays empty once in 25 million runs. */
const manyPorts = 64;
const again = 16;
const sides: readonly Side[] = ["client", "server"];

const differentPorts: Case = {
  name: `${manyPorts} connections from ${manyPorts} different ports`,
  needs,
  async experiment(lab) {
    const listener = await lab.listen();
    for (let count = 0; count < manyPorts; count++) await lab.dial(listener);
  },
  question: (t) =>
    sides.flatMap((side) => [
      ...spread(t, side, manyPorts),
      claimed(
        `the ${side}'s next number cannot be told from the last one and the time between`,
        cannotBeToldFromTheClock(t, side, manyPorts),
      ),
    ]),
};

/** The client resets, so that neither side keeps anything of a connection when the next one comes. */
async function reuses(lab: Session): Promise<void> {
  const listener = await lab.listen();
  let localPort: number | undefined;
  for (let count = 0; count < again; count++) {
    const client = await lab.dial(listener, localPort === undefined ? {} : { localPort });
    await client.resetAndDestroy();
    await client.saw("close");
    localPort = client.local.port;
  }
}

const sameFourTuple: Case = {
  name: `the same addresses and ports ${again} times, one connection after another`,
  needs,
  experiment: reuses,
  question: (t) =>
    sides.map((side) =>
      claimed(
        `the ${side}'s next number cannot be told from the last one and the time between`,
        cannotBeToldFromTheClock(t, side, again),
      ),
    ),
};

const overTimeWait: Case = {
  name: "the same addresses and ports, while the server is still in TIME-WAIT",
  needs,
  async experiment(lab) {
    const listener = await lab.listen({ endsFirst: true });
    const first = await lab.dial(listener);
    await first.saw("close");
    await first.reaches("CLOSED");
    await listener.endOf(first).reaches("TIME-WAIT");
    await lab.reading("waiting");
    const second = await lab.dial(listener, { localPort: first.local.port });
    await second.saw("close");
  },
  question: (t) => [
    given("the first connection has left a TIME-WAIT at the server", inState(t, "waiting", "server", "TIME-WAIT")),
    claimed("the server's number cannot be told from the last one that it used before", cannotBeToldFromTimeWait(t)),
  ],
};

export const isnIsRandom: Claim = {
  address: "wire/isn-is-random",
  statement: {
    en: "The first sequence number of a connection is chosen at random.",
    zh: "连接的初始序号是随机选取的。",
  },
  sources: [...notes("N0", "N2", "N3"), rfc9293("3.4.1"), rfc6528("3"), rfc1122("4.2.2.13")],
  cases: [differentPorts, sameFourTuple, overTimeWait],
};
