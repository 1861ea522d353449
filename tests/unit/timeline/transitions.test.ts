import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isReachable } from "../../../src/model/diagram.ts";
import type { Fact } from "../../../src/model/fact.ts";
import { type TcpState, tcpStates } from "../../../src/model/state.ts";
import { timelineOf } from "../../../src/timeline/timeline.ts";
import { checkTransitions } from "../../../src/timeline/transitions.ts";
import { closed, closedThroughLoss, state } from "./facts.ts";

const check = (facts: readonly Fact[]) => checkTransitions(timelineOf(facts));
const impossible = expect.objectContaining({ code: "FINWAIT_IMPOSSIBLE_TRANSITION" });

describe("readings held against the state diagram", () => {
  test.each([
    ["an ordinary close", closed()],
    ["a close through loss", closedThroughLoss()],
    ["nothing", []],
    ["states missed by polling", [state(1, "client", "SYN-SENT"), state(2, "client", "TIME-WAIT")]],
    [
      "a new socket under the same name",
      [state(1, "c", "TIME-WAIT", { cookie: "1" }), state(2, "c", "SYN-SENT", { cookie: "2" })],
    ],
    [
      "a socket that begins anew after CLOSED, cookies unknown",
      [
        state(1, "c", "CLOSED"),
        state(2, "c", "TIME-WAIT", { cookie: undefined }),
        state(3, "c", "CLOSED"),
        state(4, "c", "ESTABLISHED", { cookie: undefined }),
      ],
    ],
    [
      "two sockets read in turns",
      [
        state(1, "s", "LISTEN", { cookie: "l" }),
        state(2, "s", "CLOSE-WAIT", { cookie: "a" }),
        state(3, "s", "LISTEN", { cookie: "l" }),
        state(4, "s", "CLOSE-WAIT", { cookie: "a" }),
      ],
    ],
  ])("allow %s", (_, facts) => {
    expect(() => check(facts)).not.toThrow();
  });

  test.each(tcpStates.flatMap((from) => tcpStates.map((to): [TcpState, TcpState] => [from, to])))(
    "from %s to %s: an error exactly when they differ and no path leads there",
    (from, to) => {
      const facts = [state(1, "client", from), state(2, "client", to)];
      if (from === to || isReachable(from, to)) expect(() => check(facts)).not.toThrow();
      else expect(() => check(facts)).toThrow(impossible);
    },
  );

  test("name both states, the endpoint, the host, the times and the ss lines of what cannot be", () => {
    const facts = [state(1, "client-2", "FIN-WAIT-2"), state(2.5, "client-2", "ESTABLISHED", { uncertaintyMs: 0.25 })];
    expect(() => check(facts)).toThrowErrorMatchingInlineSnapshot(`
      [FinwaitError: Endpoint "client-2" on host "client" was read in FIN-WAIT-2, then in ESTABLISHED: RFC 9293 §3.3.2 has no such path.
        +1.000 ms (±0.000 ms) FIN-WAIT-2  FIN-WAIT-2 0 0 10.77.0.9:40009 10.77.0.2:20001 sk:client-2-1
        +2.500 ms (±0.250 ms) ESTABLISHED  ESTABLISHED 0 0 10.77.0.9:40009 10.77.0.2:20001 sk:client-2-1
      Two sockets were taken for one, or ss was misread: report it with these lines.]
    `);
  });

  test("are compared beyond the reading right before", () => {
    const facts = [
      state(10, "client", "FIN-WAIT-2"),
      state(11, "client", "ESTABLISHED", { uncertaintyMs: 100 }),
      state(12, "client", "ESTABLISHED"),
    ];
    expect(() => check(facts)).toThrow(impossible);
  });

  test("are compared with the earliest sure reading of a state, whichever was taken first", () => {
    const [vague, sure] = [50, 0].map(
      (uncertaintyMs) => (ms: number) => state(ms, "client", "FIN-WAIT-2", { uncertaintyMs }),
    );
    const later = state(12, "client", "ESTABLISHED");
    for (const [first, second] of [
      [vague, sure],
      [sure, vague],
    ]) {
      const facts = [first?.(10), second?.(11), later].filter((fact) => fact !== undefined);
      expect(() => check(facts)).toThrow(impossible);
    }
  });

  test("may stand in either order when their windows overlap", () => {
    const facts = [
      state(10, "client", "FIN-WAIT-2", { uncertaintyMs: 2 }),
      state(11, "client", "ESTABLISHED", { uncertaintyMs: 2 }),
    ];
    expect(() => check(facts)).not.toThrow();
  });

  test("contradict each other in any order when neither leads to the other", () => {
    const facts = [
      state(10, "client", "FIN-WAIT-2", { uncertaintyMs: 2 }),
      state(11, "client", "CLOSE-WAIT", { uncertaintyMs: 2 }),
    ];
    expect(() => check(facts)).toThrow(impossible);
  });

  test("do not let a socket that was gone come back", () => {
    const facts = [state(1, "client", "ESTABLISHED"), state(2, "client", "CLOSED"), state(3, "client", "ESTABLISHED")];
    expect(() => check(facts)).toThrow(impossible);
    expect(() => check([state(0, "client", "CLOSED"), ...facts])).toThrow(impossible);
  });

  test("forgive a CLOSED that may have been read before the socket was there", () => {
    const facts = [
      state(1, "client", "SYN-SENT", { uncertaintyMs: 0.5 }),
      state(2, "client", "CLOSED", { uncertaintyMs: 4 }),
      state(3, "client", "ESTABLISHED"),
    ];
    expect(() => check(facts)).not.toThrow();
  });

  // A real connection, walked along the diagram, read at moments that are only roughly known.
  test("never call a true story impossible, however uncertain its times", () => {
    const walk = fc.tuple(
      fc.infiniteStream(fc.nat({ max: 40 })),
      fc.array(fc.record({ step: fc.boolean(), error: fc.integer({ min: -9, max: 9 }) }), { maxLength: 25 }),
    );
    fc.assert(
      fc.property(walk, fc.boolean(), ([choices, moments], hasCookies) => {
        let now: TcpState = "CLOSED";
        const facts = moments.map(({ step, error }, index) => {
          const next = tcpStates.filter((to) =>
            now !== "CLOSED" || index === 0 ? isReachable(now, to) && to !== "LISTEN" : false,
          );
          if (step && next.length > 0) now = next[(choices.next().value ?? 0) % next.length] ?? now;
          const cookie = hasCookies ? "1" : undefined;
          return state(100 + index * 3 + error, "client", now, { uncertaintyMs: Math.abs(error), cookie });
        });
        expect(() => check(facts)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
