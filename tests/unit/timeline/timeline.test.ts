import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../src/model/fact.ts";
import { describeFact } from "../../../src/timeline/describe.ts";
import {
  callsOf,
  endpointsOf,
  eventsOf,
  faultsOf,
  firstIn,
  labelled,
  measureOf,
  missedOf,
  reading,
  readingsOf,
  statesOf,
} from "../../../src/timeline/query.ts";
import { fromFirstFact, timelineOf } from "../../../src/timeline/timeline.ts";
import { at, call, closed, event, fault, halfClosed, measure, missed, note, state } from "./facts.ts";
import { kernel, observer, segment, transition } from "./segments.ts";

describe("a timeline", () => {
  test("puts facts in order of time and keeps the order of those of one instant", () => {
    const anyFacts = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.nat()), { maxLength: 60 });
    fc.assert(
      fc.property(anyFacts, (pairs) => {
        const facts = pairs.map(([ms], index) => note(ms, String(index)));
        const sorted = timelineOf(facts).facts;
        expect(sorted).toHaveLength(facts.length);
        for (const [index, fact] of sorted.entries()) {
          const before = sorted[index - 1];
          if (before === undefined || before.kind !== "note" || fact.kind !== "note") continue;
          expect(before.at < fact.at || (before.at === fact.at && Number(before.text) < Number(fact.text))).toBe(true);
        }
      }),
    );
  });

  test("leaves the facts it was given untouched", () => {
    const facts = [note(2, "second"), note(1, "first")];
    timelineOf(facts);
    expect(facts.map((fact) => fact.text)).toEqual(["second", "first"]);
  });

  test("counts from its first fact when asked, captured segments included", () => {
    const facts: readonly Fact[] = [note(1005, "begins"), segment(1007, "client", "SYN", { takes: 3 })];
    const [first, second] = fromFirstFact(timelineOf(facts)).facts;
    expect(first?.at).toBe(0);
    expect(second).toMatchObject({ at: at(2), arrivedAt: at(5), segment: { flags: ["SYN"] } });
  });

  test("survives JSON", () => {
    const t = timelineOf(closed());
    expect(JSON.parse(JSON.stringify(t))).toEqual(t);
  });
});

describe("a query", () => {
  const t = timelineOf(closed());

  test("lists an endpoint's state changes without what was merely read again", () => {
    const again = timelineOf([...closed(), state(15, "client", "FIN-WAIT-2"), state(16, "client", "FIN-WAIT-2")]);
    expect(statesOf(again, "client").map((fact) => fact.state)).toEqual(["ESTABLISHED", "FIN-WAIT-2", "TIME-WAIT"]);
    expect(readingsOf(again, "client")).toHaveLength(5);
  });

  test("counts another socket in the same state as a change", () => {
    const two = timelineOf([
      state(1, "client", "SYN-SENT", { cookie: "a" }),
      state(2, "client", "SYN-SENT", { cookie: "b" }),
    ]);
    expect(statesOf(two, "client")).toHaveLength(2);
  });

  test("finds a reading by its label and endpoint, and nothing under another", () => {
    expect(reading(t, "half-closed", "server")?.state).toBe("CLOSE-WAIT");
    expect(reading(t, "half-closed", "client")?.state).toBe("FIN-WAIT-2");
    expect(reading(t, "half-closed", "nobody")).toBeUndefined();
    expect(reading(t, "never", "client")).toBeUndefined();
  });

  test("finds the first time in a state", () => {
    expect(firstIn(t, "client", "TIME-WAIT")?.at).toBe(at(24));
  });

  test("finds events and calls by endpoint and name", () => {
    expect(eventsOf(t, "client").map((fact) => fact.event)).toEqual(["connect", "end", "close"]);
    expect(eventsOf(t, "client", "end")).toHaveLength(1);
    expect(callsOf(t, "server").map((fact) => fact.call)).toEqual(["end()"]);
    expect(callsOf(t, "server", "end")).toHaveLength(1);
    expect(callsOf(t, "server", "end()")).toHaveLength(1);
    expect(callsOf(t, "server", "en")).toEqual([]);
    expect(callsOf(t, "server", "destroy")).toEqual([]);
  });

  test("tells two hosts' measures of one name apart", () => {
    const both = timelineOf([measure(1, "client", "fds", "open", 20), measure(2, "server", "fds", "open", 30)]);
    expect(measureOf(both, "fds", "open", "client")?.value).toBe(20);
    expect(measureOf(both, "fds", "open", "server")?.value).toBe(30);
    expect(measureOf(both, "fds", "later")).toBeUndefined();
    expect(labelled(both, "open")).toHaveLength(2);
  });

  test("names all endpoints in order of appearance", () => {
    expect(endpointsOf(t)).toEqual(["server-listener", "client", "server"]);
  });

  test("finds the deadlines that passed", () => {
    expect(missedOf(timelineOf([missed(9, "FIN-WAIT-2", "ESTABLISHED")]))).toHaveLength(1);
  });
});

describe("a fault's life", () => {
  test("joins what was applied with what was lifted, and takes the final count", () => {
    const [life] = faultsOf(timelineOf([fault(1, "applied"), fault(9, "lifted", 3)]));
    expect(life).toMatchObject({ fault: "lose-fin", caught: 3, lifted: { caught: 3 } });
  });

  test("is open, with what it is known to have caught, when it was never lifted", () => {
    const [life] = faultsOf(timelineOf([fault(1, "applied")]));
    expect(life?.lifted).toBeUndefined();
    expect(life?.caught).toBe(0);
  });

  test("begins anew when it is applied again", () => {
    const facts = [fault(1, "applied"), fault(2, "lifted", 1), fault(3, "applied"), fault(4, "lifted", 0)];
    expect(faultsOf(timelineOf(facts)).map((life) => life.caught)).toEqual([1, 0]);
  });
});

describe("a fact as a line of evidence", () => {
  test("quotes ss with its padding drawn together", () => {
    expect(describeFact(state(12.304, "client", "FIN-WAIT-2", { label: "held" }))).toBe(
      '+12.304 ms client FIN-WAIT-2 at "held"  FIN-WAIT-2 0 0 10.77.0.1:40000 10.77.0.2:20001 sk:client-1',
    );
  });

  test.each([
    [state(1, "client", "CLOSED"), "+1.000 ms client CLOSED  (ss lists no such socket)"],
    [call(1, "client-2", "end"), "+1.000 ms client-2@client end()"],
    [call(1, "client", "write", "EPIPE"), "+1.000 ms client write() failed: EPIPE write failed"],
    [event(1, "server", "error", { code: "ECONNRESET" }), "+1.000 ms server 'error' code=ECONNRESET"],
    [measure(1, "server", "fds", "open", 21), '+1.000 ms server fds = 21 descriptors at "open"'],
    [fault(1, "applied"), "+1.000 ms client fault lose-fin applied: lose every FIN of the server"],
    [fault(1, "lifted", 2), "+1.000 ms client fault lose-fin lifted, caught 2: lose every FIN of the server"],
    [
      missed(1, "TIME-WAIT", "LAST-ACK\n 0 1"),
      "+1.000 ms client deadline missed: waited 5000 ms for TIME-WAIT; last seen: LAST-ACK 0 1",
    ],
    [transition(1, "client", "FIN-WAIT-2", "CLOSED"), "+1.000 ms client kernel: FIN-WAIT-2 → CLOSED"],
    [kernel(1, "client", "retransmission"), "+1.000 ms client kernel: retransmission"],
    [observer("server", { ms: 1, lost: 3 }), "+1.000 ms server capture lost 3, clock ±0.020 ms, drift 0.002 ms"],
    [note(-1, "early"), "-1.000 ms server note: early"],
  ])("%#: says what happened, to whom and when", (fact, line) => {
    expect(describeFact(fact)).toBe(line);
  });

  test("is always one line", () => {
    const lines = [...halfClosed(), note(1, "two\nlines"), event(2, "client", "x", { text: "a\r\nb" })].map(
      describeFact,
    );
    for (const line of lines) expect(line).not.toMatch(/[\r\n]/);
  });
});
