import { describe, expect, test } from "vitest";
import { compared, measured } from "../../../src/judge/measures.ts";
import { callFailed, sawEvent, sawNoEvent } from "../../../src/judge/runtime.ts";
import { inState, passedThrough, queueAt, rowAt, timerAt } from "../../../src/judge/states.ts";
import { elapsedBetween, sawBefore, stayedIn } from "../../../src/judge/times.ts";
import type { TcpState } from "../../../src/model/state.ts";
import { eventsOf, firstIn } from "../../../src/timeline/query.ts";
import { timelineOf } from "../../../src/timeline/timeline.ts";
import { call, closed, event, halfClosed, measure, state } from "../timeline/facts.ts";

const t = timelineOf(closed());

describe("a labelled reading", () => {
  test("answers whether the endpoint was in a state or in one of several", () => {
    expect(inState(t, "half-closed", "client", "FIN-WAIT-2")).toMatchObject({ answer: true });
    expect(inState(t, "half-closed", "client", ["TIME-WAIT", "FIN-WAIT-2"]).answer).toBe(true);
    expect(inState(t, "half-closed", "server", "FIN-WAIT-2").answer).toBe(false);
    expect(inState(t, "half-closed", "server", []).answer).toBe(false);
  });

  test("is its own evidence, and without it there is no answer", () => {
    expect(inState(t, "half-closed", "server", "FIN-WAIT-2").evidence).toMatchObject([{ state: "CLOSE-WAIT" }]);
    expect(inState(t, "never taken", "client", "FIN-WAIT-2")).toEqual({ answer: undefined, evidence: [] });
    expect(inState(t, "half-closed", "stranger", "FIN-WAIT-2").answer).toBeUndefined();
  });

  test("answers for the queues, the timer and the whole row", () => {
    const timer = { name: "timewait", remainingMs: 59_000, retransmits: 0 } as const;
    const one = timelineOf([state(1, "client", "CLOSE-WAIT", { label: "now", row: { recvQ: 1, timer } })]);
    expect(queueAt(one, "now", "client", "recvQ", (bytes) => bytes > 0).answer).toBe(true);
    expect(queueAt(one, "now", "client", "sendQ", (bytes) => bytes > 0).answer).toBe(false);
    expect(timerAt(one, "now", "client", (set) => set?.name === "timewait").answer).toBe(true);
    expect(timerAt(t, "half-closed", "client", (set) => set === undefined).answer).toBe(true);
    expect(rowAt(one, "now", "client", (row) => row.local.port === 40000).answer).toBe(true);
  });

  test("of a socket that is gone says nothing of its queues", () => {
    const seen = queueAt(t, "closed", "server", "recvQ", (bytes) => bytes === 0);
    expect(seen).toMatchObject({ answer: undefined, evidence: [{ state: "CLOSED" }] });
  });
});

describe("a passage through states", () => {
  const seen = (...states: TcpState[]) => timelineOf(states.map((name, index) => state(index, "client", name)));

  test.each<[TcpState[], TcpState[], boolean | undefined]>([
    [["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"], ["FIN-WAIT-1", "TIME-WAIT"], true],
    [["ESTABLISHED", "FIN-WAIT-2", "TIME-WAIT"], ["FIN-WAIT-1"], undefined],
    [["ESTABLISHED", "FIN-WAIT-2", "TIME-WAIT"], ["CLOSE-WAIT"], false],
    [["ESTABLISHED", "FIN-WAIT-2", "TIME-WAIT"], ["FIN-WAIT-2", "CLOSING"], false],
    [["ESTABLISHED", "FIN-WAIT-1", "TIME-WAIT"], ["CLOSING"], undefined],
    [["ESTABLISHED", "FIN-WAIT-1", "TIME-WAIT"], ["FIN-WAIT-1", "FIN-WAIT-2"], undefined],
    [["ESTABLISHED", "CLOSE-WAIT"], ["LAST-ACK"], undefined],
    [["ESTABLISHED", "CLOSE-WAIT", "CLOSED"], ["LAST-ACK"], undefined],
    [["ESTABLISHED", "CLOSE-WAIT", "CLOSED"], ["CLOSED", "SYN-SENT"], undefined],
    [["ESTABLISHED", "CLOSE-WAIT", "CLOSED"], ["CLOSE-WAIT", "CLOSED", "SYN-SENT"], false],
    [["ESTABLISHED", "CLOSED", "ESTABLISHED"], ["CLOSE-WAIT", "FIN-WAIT-1"], undefined],
    [["FIN-WAIT-1", "FIN-WAIT-2"], ["FIN-WAIT-2", "FIN-WAIT-1"], false],
    [["ESTABLISHED"], ["SYN-SENT", "ESTABLISHED"], undefined],
    [["ESTABLISHED"], [], undefined],
    [[], ["ESTABLISHED"], undefined],
  ])("read as %j, asked for %j: %s", (read, asked, answer) => {
    expect(passedThrough(seen(...read), "client", asked).answer).toBe(answer);
  });

  test("shows the readings that prove it", () => {
    const { evidence } = passedThrough(t, "client", ["ESTABLISHED", "TIME-WAIT"]);
    expect(evidence).toMatchObject([{ state: "ESTABLISHED" }, { state: "TIME-WAIT" }]);
  });

  test("is not denied when several sockets bore the name", () => {
    const facts = [state(1, "c", "TIME-WAIT", { cookie: "1" }), state(2, "c", "ESTABLISHED", { cookie: "2" })];
    expect(passedThrough(timelineOf(facts), "c", ["CLOSE-WAIT"]).answer).toBeUndefined();
  });
});

describe("an event", () => {
  test("that came was seen, with its values when asked", () => {
    expect(sawEvent(t, "client", "close").answer).toBe(true);
    expect(sawEvent(t, "client", "close", { where: ({ hadError }) => hadError === false }).answer).toBe(true);
    expect(sawEvent(t, "client", "close", { where: ({ hadError }) => hadError === true }).answer).toBeUndefined();
  });

  test("that did not come is unseen, until a label says how long it was waited for", () => {
    expect(sawEvent(t, "client", "error").answer).toBeUndefined();
    expect(sawEvent(t, "client", "error", { by: "closed" })).toMatchObject({
      answer: false,
      evidence: [{ state: "TIME-WAIT", label: "closed" }],
    });
    expect(sawEvent(t, "client", "end", { by: "half-closed" }).answer).toBe(false);
    expect(sawEvent(t, "client", "end", { by: "closed" }).answer).toBe(true);
    expect(sawEvent(t, "client", "end", { by: "never taken" }).answer).toBeUndefined();
  });

  test("is silent until a label, or it is not, or the label was never reached", () => {
    expect(sawNoEvent(t, "server", "close", { until: "half-closed" }).answer).toBe(true);
    expect(sawNoEvent(t, "server", "close", { until: "closed" })).toMatchObject({
      answer: false,
      evidence: [{ event: "close" }],
    });
    expect(sawNoEvent(t, "server", "close", { until: "never taken" }).answer).toBeUndefined();
  });

  test("can be anchored to a measure", () => {
    const story = timelineOf([measure(5, "server", "fds", "later", 9), event(6, "server", "close")]);
    expect(sawNoEvent(story, "server", "close", { until: "later" }).answer).toBe(true);
  });
});

describe("a call", () => {
  const story = timelineOf([call(1, "client", "write"), call(2, "client", "write", "EPIPE"), call(3, "client", "end")]);

  test("failed with a code, did not, or was never made", () => {
    expect(callFailed(story, "client", "write", "EPIPE")).toMatchObject({ answer: true, evidence: [{ at: 2e6 }] });
    expect(callFailed(story, "client", "write", "ECONNRESET")).toMatchObject({ answer: false, evidence: [{}, {}] });
    expect(callFailed(story, "client", "end", "EPIPE").answer).toBe(false);
    expect(callFailed(story, "client", "destroy", "EPIPE").answer).toBeUndefined();
  });
});

describe("a measure", () => {
  const fds = (label: string) => ({ name: "fds", label });
  const story = timelineOf([measure(1, "server", "fds", "before", 20), measure(2, "server", "fds", "during", 25)]);

  test("is as asked, is not, or was not read", () => {
    expect(measured(story, fds("before"), (value) => value === 20).answer).toBe(true);
    expect(measured(story, fds("before"), (value) => value > 20).answer).toBe(false);
    expect(measured(story, fds("after"), (value) => value > 20).answer).toBeUndefined();
    expect(measured(story, { ...fds("before"), host: "client" }, () => true).answer).toBeUndefined();
  });

  test("is compared with another, when both were read", () => {
    expect(compared(story, fds("before"), fds("during"), (a, b) => b - a === 5)).toMatchObject({
      answer: true,
      evidence: [{ label: "before" }, { label: "during" }],
    });
    expect(compared(story, fds("before"), fds("after"), () => true)).toMatchObject({
      answer: undefined,
      evidence: [{ label: "before" }],
    });
  });
});

describe("time", () => {
  test("orders two facts, when their windows do not overlap", () => {
    const [end, close] = [eventsOf(t, "client", "end")[0], eventsOf(t, "client", "close")[0]];
    expect(sawBefore(end, close).answer).toBe(true);
    expect(sawBefore(close, end).answer).toBe(false);
    expect(sawBefore(end, undefined)).toMatchObject({ answer: undefined, evidence: [{ event: "end" }] });
    expect(
      sawBefore(state(1, "a", "LISTEN", { uncertaintyMs: 1 }), state(2, "b", "LISTEN", { uncertaintyMs: 1 })).answer,
    ).toBeUndefined();
  });

  test("elapsed between two facts is judged at both ends of its uncertainty", () => {
    const [from, to] = [firstIn(t, "client", "FIN-WAIT-2"), firstIn(t, "client", "TIME-WAIT")];
    // 9.98 ms, give or take 2
    expect(elapsedBetween(from, to, (ms) => ms < 15).answer).toBe(true);
    expect(elapsedBetween(from, to, (ms) => ms > 12).answer).toBe(false);
    expect(elapsedBetween(from, to, (ms) => ms > 10).answer).toBeUndefined();
    expect(elapsedBetween(from, to, (ms) => ms > 9 && ms < 11).answer).toBeUndefined();
    expect(elapsedBetween(undefined, to, () => true).answer).toBeUndefined();
  });

  test("spent in a state lies between what was read inside it and what was read around it", () => {
    const names: TcpState[] = ["ESTABLISHED", "FIN-WAIT-2", "FIN-WAIT-2", "FIN-WAIT-2", "CLOSED"];
    const story = timelineOf(names.map((name, index) => state(index * 100, "client", name)));
    const stayed = (predicate: (ms: number) => boolean) => stayedIn(story, "client", "FIN-WAIT-2", predicate).answer;
    expect(stayed((ms) => ms >= 200 && ms <= 400)).toBe(true);
    expect(stayed((ms) => ms > 500)).toBe(false);
    expect(stayed((ms) => ms > 250)).toBeUndefined();
    expect(stayedIn(story, "client", "CLOSED", () => true).answer).toBeUndefined();
    expect(stayedIn(story, "client", "ESTABLISHED", () => true).answer).toBeUndefined();
    expect(stayedIn(timelineOf(halfClosed()), "client", "LISTEN", () => true).answer).toBeUndefined();
  });
});
