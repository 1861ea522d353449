import type { EndpointName, EventFact, Fact, FaultFact } from "../../model/fact.ts";
import { type MonoNs, ms } from "../../model/time.ts";
import { measureText } from "../../timeline/describe.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { printable } from "../text/width.ts";
import type { Cast, Role } from "./cast.ts";

/** What happened at one side of the ladder. A state is drawn on the lifeline, everything else beside it. */
export interface Cell {
  readonly kind: "state" | "call" | "event" | "measure";
  readonly text: string;
}

/** One line of the story: beside the lifelines, or across them. */
export type Row =
  | {
      readonly kind: "beside";
      readonly at: MonoNs;
      readonly left?: Cell;
      readonly right?: Cell;
      /** Between the lifelines: faults; segments will be drawn here. */
      readonly between?: string;
    }
  | { readonly kind: "across"; readonly at?: MonoNs; readonly text: string };

type Beside = Extract<Row, { readonly kind: "beside" }>;

/** The story as rows: a row for each change, none for a state that was merely read again. */
export function rowsOf(t: Timeline, cast: Cast): readonly Row[] {
  const rows: Row[] = [];
  for (const scene of scenesOf(t, cast)) {
    const row = rowOf(scene, cast);
    if (row === undefined) continue;
    const last = rows.at(-1);
    const joined = last === undefined ? undefined : asOne(last, row);
    rows.splice(joined === undefined ? rows.length : rows.length - 1, 1, joined ?? row);
  }
  return rows;
}

/** A fact worth a row. */
interface Scene {
  readonly fact: Fact;
  /** The state is the one shown before, but the experiment read it under a new label. */
  readonly isStill: boolean;
  /** How often the same event came in a row. */
  readonly times: number;
}

function scenesOf(t: Timeline, cast: Cast): readonly Scene[] {
  const scenes: Scene[] = [];
  const shown = new Map<EndpointName, { readonly state: string; readonly label: string | undefined }>();
  for (const fact of t.facts) {
    if ("endpoint" in fact && sideOf(fact.endpoint, cast) === undefined) continue;
    let isStill = false;
    if (fact.kind === "state") {
      const before = shown.get(fact.endpoint);
      isStill = before?.state === socketAndState(fact);
      if (isStill && (fact.label === undefined || fact.label === before?.label)) continue;
      shown.set(fact.endpoint, { state: socketAndState(fact), label: fact.label });
    }
    const last = scenes.at(-1);
    if (last !== undefined && isSameEvent(last.fact, fact)) {
      scenes[scenes.length - 1] = { ...last, times: last.times + 1 };
    } else scenes.push({ fact, isStill, times: 1 });
  }
  return scenes;
}

function isSameEvent(a: Fact, b: Fact): boolean {
  return a.kind === "event" && b.kind === "event" && a.endpoint === b.endpoint && a.event === b.event;
}

/** The time as the ladder shows it. */
export function timeText(at: MonoNs): string {
  return `${ms(at).toFixed(ms(at) < 100_000 ? 1 : 0)} ms`;
}

function socketAndState(fact: Extract<Fact, { readonly kind: "state" }>): string {
  return fact.state === "CLOSED" ? fact.state : `${fact.state} ${fact.row?.cookie}`;
}

function rowOf({ fact, isStill, times }: Scene, cast: Cast): Row | undefined {
  const { at } = fact;
  switch (fact.kind) {
    case "call":
      return beside(at, sideOf(fact.endpoint, cast), { kind: "call", text: callText(fact) });
    case "event":
      return beside(at, sideOf(fact.endpoint, cast), { kind: "event", text: eventText(fact, times) });
    case "state":
      return beside(at, sideOf(fact.endpoint, cast), {
        kind: "state",
        text: `${isStill ? "still " : ""}${fact.state}`,
      });
    case "measure":
      return measureRow(fact, cast);
    case "fault":
      return { kind: "beside", at, between: faultText(fact) };
    case "missed":
      return { kind: "across", at, text: printable(`missed: ${fact.waitedFor} within ${fact.withinMs} ms`) };
    case "note":
      return { kind: "across", at, text: printable(fact.text) };
    case "segment":
      return undefined;
    default:
      return fact satisfies never;
  }
}

type Side = "left" | "right";

function beside(at: MonoNs, side: Side | undefined, cell: Cell): Row | undefined {
  if (side === undefined) return undefined;
  const safe = { ...cell, text: printable(cell.text) };
  return side === "left" ? { kind: "beside", at, left: safe } : { kind: "beside", at, right: safe };
}

function sideOf(endpoint: EndpointName, { left, right }: Cast): Side | undefined {
  if (left?.endpoint === endpoint) return "left";
  return right?.endpoint === endpoint ? "right" : undefined;
}

/** A number read on a host stands at that host's side; on a host of both sides, or of neither, across. */
function measureRow(fact: Extract<Fact, { readonly kind: "measure" }>, { left, right }: Cast): Row {
  const { at, host } = fact;
  const text = measureText(fact);
  const isOf = (role: Role | undefined) => role?.host === host;
  const side = isOf(left) === isOf(right) ? undefined : isOf(left) ? "left" : "right";
  return beside(at, side, { kind: "measure", text }) ?? { kind: "across", at, text: printable(`${host}: ${text}`) };
}

function callText({ call, error }: Extract<Fact, { readonly kind: "call" }>): string {
  return error === undefined ? call : `${call} threw ${error.code}`;
}

function eventText({ event, detail }: EventFact, times: number): string {
  if (times > 1) return `'${event}' × ${times}`;
  // Counts and error codes tell the story; addresses, hashes and messages are for the evidence.
  const words = Object.entries(detail).map(([name, value]) => {
    if (name === "code") return `${value}`;
    if (value === true) return name;
    return typeof value === "number" ? `${name} ${value}` : "";
  });
  return [`'${event}'`, ...words.filter(Boolean)].join(" ");
}

function faultText({ phase, intent, caught }: FaultFact): string {
  return printable(phase === "applied" ? `✗ ${intent}` : `lifted, caught ${caught}`);
}

/** Two states that the reader cannot tell apart in time share a row. */
function asOne(above: Row, below: Row): Beside | undefined {
  if (above.kind === "across" || below.kind === "across" || timeText(above.at) !== timeText(below.at)) return undefined;
  if (above.between !== undefined || below.between !== undefined) return undefined;
  const [left, right] = [above.left ?? below.left, above.right ?? below.right];
  const isOnePerSide = (above.left === undefined) !== (below.left === undefined);
  if (!isOnePerSide || left?.kind !== "state" || right?.kind !== "state") return undefined;
  return { kind: "beside", at: above.at, left, right };
}
