import type { EndpointName, Fact } from "../../model/fact.ts";
import { callsOf, eventsOf } from "../../timeline/query.ts";
import { fromFirstFact, type Timeline, timelineOf } from "../../timeline/timeline.ts";
import { printable } from "../text/width.ts";
import { hanging } from "../text/wrap.ts";
import { castOf } from "./cast.ts";
import { clocksText, lossesText } from "./clocks.ts";
import { drawing } from "./drawing.ts";
import { type Row, timeText } from "./row.ts";
import { hasSeveralFaults, rowsOf } from "./rows.ts";
import { drawnStates } from "./states.ts";

export interface LadderOptions {
  /** Columns of the terminal; default 80, and at least 60. */
  readonly columns?: number;
  /** Rows of the story at most; what is left out is counted. Default 60. */
  readonly rows?: number;
}

const mostOthers = 8;

/**
 * The story of one connection, drawn as two lifelines in time: the client's at the left, the server's at the right, the
 * segments and faults between them. Times count from the first fact, numbers from each side's SYN. Further endpoints are
 * told in a line each below, and last how exact the times are.
 */
export function ladder(facts: readonly Fact[], { columns = 80, rows = 60 }: LadderOptions = {}): string {
  const t = fromFirstFact(timelineOf(facts));
  if (facts.every(({ kind }) => kind === "observer")) return "(nothing was observed)";
  const wide = Math.max(60, columns);
  const cast = castOf(t);
  const draw = drawing(wide, hasSeveralFaults(t));
  const lines = [
    ...draw.title(cast.left, cast.right),
    ...bounded(rowsOf(t, cast), Math.max(2, rows)).flatMap((row) => draw.row(row)),
    ...othersText(t, cast.others, wide),
    ...remarks(t, wide),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

function bounded(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  const head = Math.ceil(most / 2);
  const tail = rows.length - (most - head);
  return [...rows.slice(0, head), { kind: "across", text: `… ${tail - head} rows left out …` }, ...rows.slice(tail)];
}

/** The endpoints that have no lifeline: the states of each, with its times. */
function othersText(t: Timeline, others: readonly EndpointName[], columns: number): readonly string[] {
  if (others.length === 0) return [];
  const lines = others
    .slice(0, mostOthers)
    .flatMap((endpoint) => hanging(`  ${printable(endpoint)}  `, otherText(t, endpoint), columns));
  const left = others.length - mostOthers;
  return ["", "Also there:", ...lines, ...(left > 0 ? [`  … and ${left} more endpoints`] : [])];
}

function otherText(t: Timeline, endpoint: EndpointName): string {
  const states = [...drawnStates(t, endpoint)]
    .filter(([, text]) => !text.startsWith("still "))
    .map(([fact, text]) => `${text} ${timeText(fact.at)}`);
  const segments = t.facts.filter((fact) => fact.kind === "segment" && [fact.from, fact.to].includes(endpoint));
  const counts = {
    calls: callsOf(t, endpoint).length,
    events: eventsOf(t, endpoint).length,
    segments: segments.length,
  };
  const counted = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
  return [...states, ...counted].join(", ");
}

function remarks(t: Timeline, columns: number): readonly string[] {
  const [clocks, losses] = [clocksText(t), lossesText(t)];
  const lines = [
    ...(clocks === "" ? [] : hanging("clocks  ", clocks, columns)),
    ...(losses === "" ? [] : hanging("lost    ", losses, columns)),
  ];
  return lines.length === 0 ? [] : ["", ...lines];
}
