import type {
  CallFact,
  EndpointName,
  EventFact,
  Fact,
  FaultFact,
  MeasureFact,
  MissedFact,
  StateFact,
} from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import type { Timeline } from "./timeline.ts";

/** Every reading of an endpoint's state, in order, repetitions included. */
export function readingsOf(t: Timeline, endpoint: EndpointName): readonly StateFact[] {
  return ofKind(t, "state").filter((fact) => fact.endpoint === endpoint);
}

/** The endpoint's state changes as observed: the first reading of each state, and of each new socket of that name. */
export function statesOf(t: Timeline, endpoint: EndpointName): readonly StateFact[] {
  return readingsOf(t, endpoint).filter((fact, index, all) => {
    const before = all[index - 1];
    return before === undefined || before.state !== fact.state || isOtherSocket(before, fact);
  });
}

/** The reading the experiment took under a label; the last one, when a label was used again. */
export function reading(t: Timeline, label: string, endpoint: EndpointName): StateFact | undefined {
  return readingsOf(t, endpoint).findLast((fact) => fact.label === label);
}

/** The first time that an endpoint was read in a state. */
export function firstIn(t: Timeline, endpoint: EndpointName, state: TcpState): StateFact | undefined {
  return readingsOf(t, endpoint).find((fact) => fact.state === state);
}

/** What the runtime reported of an endpoint, in order. */
export function eventsOf(t: Timeline, endpoint: EndpointName, event?: string): readonly EventFact[] {
  return ofKind(t, "event").filter(
    (fact) => fact.endpoint === endpoint && (event === undefined || fact.event === event),
  );
}

/** What the experiment asked of an endpoint, in order. `write` finds every `write(…)`, `write(3 bytes)` only that one. */
export function callsOf(t: Timeline, endpoint: EndpointName, call?: string): readonly CallFact[] {
  const isAsked = (made: string) => call === undefined || made === call || made.startsWith(`${call}(`);
  return ofKind(t, "call").filter((fact) => fact.endpoint === endpoint && isAsked(fact.call));
}

/** The number read under a name at a labelled moment; `host` tells apart what both hosts were asked. */
export function measureOf(t: Timeline, name: string, label: string, host?: string): MeasureFact | undefined {
  return ofKind(t, "measure").findLast(
    (fact) => fact.name === name && fact.label === label && (host === undefined || fact.host === host),
  );
}

/** One fault from its application to its end. */
export interface FaultLife {
  readonly fault: string;
  readonly host: string;
  readonly intent: string;
  readonly applied: FaultFact;
  /** Absent when the story ends with the fault still at work. */
  readonly lifted?: FaultFact;
  /** Segments it is known to have dropped. */
  readonly caught: number;
}

/** Every fault that was applied, in order. A fault lifted and applied again has two lives. */
export function faultsOf(t: Timeline): readonly FaultLife[] {
  const lives: FaultLife[] = [];
  for (const fact of ofKind(t, "fault")) {
    const open = lives.findIndex(
      (life) => life.fault === fact.fault && life.host === fact.host && life.lifted === undefined,
    );
    const life = lives[open];
    if (fact.phase === "applied") {
      const { fault, host, intent, caught } = fact;
      lives.push({ fault, host, intent, applied: fact, caught });
    } else if (life !== undefined) {
      lives[open] = { ...life, lifted: fact, caught: Math.max(life.caught, fact.caught) };
    }
  }
  return lives;
}

/** The deadlines that passed. */
export function missedOf(t: Timeline): readonly MissedFact[] {
  return ofKind(t, "missed");
}

/** The names of all endpoints in the story, in order of appearance. */
export function endpointsOf(t: Timeline): readonly EndpointName[] {
  return [...new Set(t.facts.flatMap((fact) => ("endpoint" in fact ? [fact.endpoint] : [])))];
}

/**
 * The facts that stand under a label: the readings and measures the experiment took at that moment. One label may name
 * several: one for each endpoint, one for each measure.
 */
export function labelled(t: Timeline, label: string): readonly (StateFact | MeasureFact)[] {
  return t.facts.filter((fact) => fact.kind === "state" || fact.kind === "measure").filter((f) => f.label === label);
}

/** Whether two readings are known to be of different sockets. */
export function isOtherSocket(a: StateFact, b: StateFact): boolean {
  const [one, other] = [a.row?.cookie, b.row?.cookie];
  return one !== undefined && other !== undefined && one !== other;
}

function ofKind<K extends Fact["kind"]>(t: Timeline, kind: K): readonly Extract<Fact, { readonly kind: K }>[] {
  return t.facts.filter((fact): fact is Extract<Fact, { readonly kind: K }> => fact.kind === kind);
}
