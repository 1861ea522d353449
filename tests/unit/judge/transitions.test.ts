import { describe, expect, test } from "vitest";
import { wentThrough } from "../../../src/judge/transitions.ts";
import type { ObserverFact, TransitionFact } from "../../../src/model/fact.ts";
import type { TcpState } from "../../../src/model/state.ts";
import { monoNs } from "../../../src/model/time.ts";
import { timelineOf } from "../../../src/timeline/timeline.ts";

const states: readonly TcpState[] = ["CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSED"];

const transitions = states.slice(1).map(
  (to, index): TransitionFact => ({
    kind: "transition",
    at: monoNs(index * 1000),
    host: "client",
    endpoint: "client",
    from: states[index] ?? "CLOSED",
    to,
    uncertaintyNs: 500,
  }),
);

const observer = (lost: number): ObserverFact => ({
  kind: "observer",
  observer: "tracepoint",
  at: monoNs(10_000),
  host: "",
  lost,
  uncertaintyNs: 500,
  driftNs: 0,
});

const seen = timelineOf([...transitions, observer(0)]);

describe("the path that the kernel took a socket", () => {
  test("is found, whole or in part", () => {
    expect(wentThrough(seen, "client", states.slice(1)).answer).toBe(true);
    expect(wentThrough(seen, "client", ["ESTABLISHED", "FIN-WAIT-1"]).answer).toBe(true);
  });

  test("leaves no state out: one that was passed between two others is not skipped", () => {
    expect(wentThrough(seen, "client", ["ESTABLISHED", "FIN-WAIT-2"]).answer).toBe(false);
    expect(wentThrough(seen, "client", ["FIN-WAIT-1", "CLOSING"]).answer).toBe(false);
  });

  test("shows the transitions that are asked for, or all when they were not made", () => {
    expect(wentThrough(seen, "client", ["FIN-WAIT-1", "FIN-WAIT-2"]).evidence).toEqual(transitions.slice(2, 4));
    expect(wentThrough(seen, "client", ["LAST-ACK"]).evidence).toEqual(transitions);
  });

  test("is unseen without tracepoints, and when they lost anything", () => {
    expect(wentThrough(timelineOf(transitions), "client", ["LAST-ACK"]).answer).toBeUndefined();
    expect(wentThrough(timelineOf([...transitions, observer(1)]), "client", ["LAST-ACK"]).answer).toBeUndefined();
    expect(wentThrough(seen, "server", ["LAST-ACK"]).answer).toBeUndefined();
  });
});
