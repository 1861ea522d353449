import type { ObserverFact } from "../../model/fact.ts";
import { ms } from "../../model/time.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { observersOf } from "../../timeline/wire.ts";
import { countOf } from "../text/count.ts";
import { printable } from "../text/width.ts";

/** How exact the times are, by source; empty when no source says so. */
export function clocksText(t: Timeline): string {
  const ss = widest(t, "state");
  const said = [
    sourceText("capture", observersOf(t, "capture"), widest(t, "segment")),
    ss === undefined || ss === 0 ? "" : `ss ±${millis(ss)}`,
    sourceText("tracepoint", observersOf(t, "tracepoint"), widest(t, "transition")),
  ];
  return said.filter(Boolean).join("; ");
}

/** What the observers lost: what is not drawn may have been there. */
export function lossesText(t: Timeline): string {
  const lossy = [...observersOf(t, "capture"), ...observersOf(t, "tracepoint")].filter(({ lost }) => lost > 0);
  const said = lossy.map(({ observer, host, lost }) => {
    const what = countOf(lost, observer === "capture" ? "segment" : "event");
    return `the ${observer} on ${host} lost ${what}`;
  });
  return said.length === 0 ? "" : printable(`${said.join(", ")}: more may have happened than is drawn`);
}

function sourceText(name: string, observers: readonly ObserverFact[], widestNs: number | undefined): string {
  if (observers.length === 0) return widestNs === undefined ? "" : `${name} ±${millis(widestNs)}`;
  const each = new Map(observers.map((one) => [one.host, clockText(one)]));
  const [first = ""] = each.values();
  if (new Set(each.values()).size === 1) return `${name} ${first}`;
  return `${name} ${[...each].map(([host, text]) => `${text} (${printable(host)})`).join(", ")}`;
}

function clockText({ uncertaintyNs, driftNs }: ObserverFact): string {
  const drift = Math.abs(driftNs);
  return `±${millis(uncertaintyNs)}${drift > uncertaintyNs ? ` drifting ${millis(drift)}` : ""}`;
}

function widest(t: Timeline, kind: "state" | "segment" | "transition"): number | undefined {
  const windows = t.facts.flatMap((fact) =>
    fact.kind === kind && "uncertaintyNs" in fact ? [fact.uncertaintyNs] : [],
  );
  return windows.length === 0 ? undefined : windows.reduce((a, b) => Math.max(a, b));
}

/** With as many digits as say something: 2.1 ms, 0.02 ms, 0.001 ms. */
function millis(ns: number): string {
  const value = ms(ns);
  const digits = value === 0 ? 0 : Math.min(6, Math.max(1, Math.ceil(-Math.log10(value))));
  return `${value.toFixed(digits)} ms`;
}
