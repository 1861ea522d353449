import type { EventFact, Fact, FaultFact, KernelFact, SegmentFact } from "../../model/fact.ts";
import { addressText } from "../../model/socket.ts";
import { measureText } from "../../timeline/describe.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, type WireSegment } from "../../timeline/wire.ts";
import { printable } from "../text/width.ts";
import { arrowOf } from "./arrow.ts";
import { type Cast, type Role, type Side, sideOf } from "./cast.ts";
import { asOne, type Beside, type Cell, type Row } from "./row.ts";
import { type Scene, scenesOf } from "./scenes.ts";

/** The story as rows: a row for each change, none for a state that was merely read again. Data that any drawing can use. */
export function rowsOf(t: Timeline, cast: Cast): readonly Row[] {
  const isNamed = hasSeveralFaults(t);
  const rows: Row[] = [];
  for (const scene of scenesOf(t, cast)) {
    const row = rowOf(scene, cast, isNamed);
    if (row === undefined) continue;
    const last = rows.at(-1);
    const joined = last === undefined ? undefined : asOne(last, row);
    rows.splice(joined === undefined ? rows.length : rows.length - 1, 1, joined ?? row);
  }
  return rows;
}

/** Whether a lost segment has to say which fault it was lost to. */
export function hasSeveralFaults(t: Timeline): boolean {
  return new Set(t.facts.flatMap((fact) => (fact.kind === "fault" ? [fact.fault] : []))).size > 1;
}

function rowOf(scene: Scene, cast: Cast, isFaultNamed: boolean): Row | undefined {
  switch (scene.kind) {
    case "arrow": {
      const { at, arrow, first } = scene;
      return { kind: "beside", at, uncertaintyNs: first.fact.uncertaintyNs, arrow };
    }
    case "aside":
      return { kind: "across", at: scene.at, text: printable(asideText(scene.segments)) };
    case "fact":
      return factRow(scene, cast, isFaultNamed);
    default:
      return scene satisfies never;
  }
}

function factRow(scene: Extract<Scene, { readonly kind: "fact" }>, cast: Cast, isFaultNamed: boolean): Row | undefined {
  const { fact, at, times, state: text = "" } = scene;
  switch (fact.kind) {
    case "call":
      return beside(fact, sideOf(fact.endpoint, cast), { kind: "call", text: callText(fact) });
    case "event":
      return beside(fact, sideOf(fact.endpoint, cast), { kind: "event", text: eventText(fact, times) });
    case "state":
      return beside(fact, sideOf(fact.endpoint, cast), { kind: "state", text });
    case "transition":
      return beside(fact, sideOf(fact.endpoint, cast), { kind: "state", text, isExact: true });
    case "kernel":
      return beside(fact, sideOf(fact.endpoint, cast), {
        kind: "kernel",
        text: kernelTexts[fact.event],
        isExact: true,
      });
    case "measure":
      return measureRow(fact, cast);
    case "fault":
      return { kind: "beside", at, uncertaintyNs: 0, between: faultText(fact, isFaultNamed) };
    case "missed":
      return { kind: "across", at, text: printable(`missed: ${fact.waitedFor} within ${fact.withinMs} ms`) };
    case "note":
      return { kind: "across", at, text: printable(fact.text) };
    case "observer":
      return undefined;
    default:
      return fact satisfies never;
  }
}

function beside(fact: Exclude<Fact, SegmentFact>, side: Side | undefined, cell: Cell): Beside | undefined {
  if (side === undefined) return undefined;
  const uncertaintyNs = "uncertaintyNs" in fact ? fact.uncertaintyNs : 0;
  return { kind: "beside", at: fact.at, uncertaintyNs, [side]: { ...cell, text: printable(cell.text) } };
}

/** A number read on a host stands at that host's side; on a host of both sides, or of neither, across. */
function measureRow(fact: Extract<Fact, { readonly kind: "measure" }>, { left, right }: Cast): Row {
  const { at, host } = fact;
  const text = measureText(fact);
  const isOf = (role: Role | undefined) => role?.host === host;
  const side = isOf(left) === isOf(right) ? undefined : isOf(left) ? "left" : "right";
  return beside(fact, side, { kind: "measure", text }) ?? { kind: "across", at, text: printable(`${host}: ${text}`) };
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

const kernelTexts = {
  retransmission: "retransmits",
  "reset sent": "sends RST",
  "reset received": "receives RST",
} as const satisfies Record<KernelFact["event"], string>;

function faultText({ phase, fault, intent, caught }: FaultFact, isNamed: boolean): string {
  if (phase === "lifted") return printable(`${isNamed ? `${fault} ` : ""}lifted, caught ${caught}`);
  return printable(`✗ ${isNamed ? `${fault}: ` : ""}${intent}`);
}

const mostAside = 3;

/** One segment in full; of many, how many of each kind. */
function asideText(segments: readonly WireSegment[]): string {
  if (segments.length <= mostAside) return segments.map(oneAside).join("; ");
  const kinds = Map.groupBy(segments, ({ fact }) => fact.segment.flags.join(","));
  const counts = [...kinds].map(([flags, some]) => `${flags} × ${some.length}`);
  return `${segments.length} segments of sockets that have no name here: ${counts.join(", ")}`;
}

function oneAside(wire: WireSegment): string {
  const { fact } = wire;
  const { fate, labels } = arrowOf({ wire, meaning: undefined, towards: "right" }, "whole");
  const label = has(wire, "SYN") ? labels.at(-2) : labels[0];
  const end = fate === "lost" ? ` (lost to ${fact.lostTo})` : fate === "unseen" ? " (never arrived)" : "";
  return `${addressText(fact.segment.source)} > ${addressText(fact.segment.destination)} ${label ?? ""}${end}`;
}
