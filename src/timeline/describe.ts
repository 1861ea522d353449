import type { Fact, MeasureFact, SegmentFact, StateFact } from "../model/fact.ts";
import { ms } from "../model/time.ts";
import { segmentText } from "./describe-segment.ts";

/**
 * A fact as one line of evidence:
 * `+12.304 ms client FIN-WAIT-2  FIN-WAIT-2 0 0 10.77.0.1:40000 10.77.0.2:20001 …`. What ss, the runtime or the kernel
 * said is quoted, with runs of blanks drawn together.
 */
export function describeFact(fact: Fact): string {
  // A segment names both its ends.
  if (fact.kind === "segment") return oneLine(`${moment(fact)} ${segmentText(fact)}`);
  return `${moment(fact)} ${whose(fact)} ${what(fact)}`;
}

/** The ss line a reading rests on. */
export function ssLine(fact: StateFact): string {
  return fact.row === undefined ? "(ss lists no such socket)" : oneLine(fact.row.line);
}

function moment(fact: Fact): string {
  const sign = fact.at < 0 ? "-" : "+";
  return `${sign}${Math.abs(ms(fact.at)).toFixed(3)} ms`;
}

function whose(fact: Fact): string {
  if (!("endpoint" in fact) || fact.endpoint === fact.host) return fact.host;
  return `${fact.endpoint}@${fact.host}`;
}

function what(fact: Exclude<Fact, SegmentFact>): string {
  if (fact.kind !== "state") return oneLine(said(fact));
  return `${fact.state}${fact.label === undefined ? "" : ` at "${fact.label}"`}  ${ssLine(fact)}`;
}

function said(fact: Exclude<Fact, StateFact | SegmentFact>): string {
  switch (fact.kind) {
    case "call":
      return fact.error === undefined ? fact.call : `${fact.call} failed: ${fact.error.code} ${fact.error.message}`;
    case "event":
      return [`'${fact.event}'`, ...Object.entries(fact.detail).map(([name, value]) => `${name}=${value}`)].join(" ");
    case "measure":
      return `${measureText(fact)} at "${fact.label}"`;
    case "fault":
      return fact.phase === "applied"
        ? `fault ${fact.fault} applied: ${fact.intent}`
        : `fault ${fact.fault} lifted, caught ${fact.caught}: ${fact.intent}`;
    case "missed":
      return `deadline missed: waited ${fact.withinMs} ms for ${fact.waitedFor}; last seen: ${fact.lastSeen}`;
    case "note":
      return `note: ${fact.text}`;
    case "transition":
      return `kernel: ${fact.from} → ${fact.to}`;
    case "kernel":
      return `kernel: ${fact.event}`;
    case "observer":
      return `${fact.observer} lost ${fact.lost}, clock ±${millis(fact.uncertaintyNs)}, drift ${millis(fact.driftNs)}`;
    default:
      return fact satisfies never;
  }
}

/** A number with what it counts, which is not said twice: "descriptors = 23". */
export function measureText({ name, value, unit }: MeasureFact): string {
  return `${name} = ${value}${unit === "" || name.includes(unit) ? "" : ` ${unit}`}`;
}

const millis = (ns: number): string => `${ms(ns).toFixed(3)} ms`;

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
