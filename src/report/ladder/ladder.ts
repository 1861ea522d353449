import type { EndpointName, Fact } from "../../model/fact.ts";
import { callsOf, eventsOf, statesOf } from "../../timeline/query.ts";
import { fromFirstFact, type Timeline, timelineOf } from "../../timeline/timeline.ts";
import { leftIn, printable, rightIn } from "../text/width.ts";
import { hanging, wrapped } from "../text/wrap.ts";
import { castOf, type Role } from "./cast.ts";
import { type Cell, type Row, rowsOf, timeText } from "./rows.ts";

export interface LadderOptions {
  /** Columns of the terminal; default 80, and at least 60. */
  readonly columns?: number;
  /** Rows of the story at most; what is left out is counted. Default 60. */
  readonly rows?: number;
}

const timeColumns = 10;
const mostOthers = 8;

/**
 * The story of one connection, drawn as two lifelines in time: the client's at the left, the server's at the right, faults
 * between them. Times count from the first fact. Further endpoints are told in a line each below.
 */
export function ladder(facts: readonly Fact[], { columns = 80, rows = 60 }: LadderOptions = {}): string {
  if (facts.length === 0) return "(nothing was observed)";
  const t = fromFirstFact(timelineOf(facts));
  const cast = castOf(t);
  const draw = drawing(Math.max(60, columns));
  const lines = [
    ...draw.title(cast.left, cast.right),
    ...bounded(rowsOf(t, cast), Math.max(2, rows)).flatMap((row) => draw.row(row)),
    ...othersText(t, cast.others, Math.max(60, columns)),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

function bounded(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  const head = Math.ceil(most / 2);
  const tail = rows.length - (most - head);
  return [...rows.slice(0, head), { kind: "across", text: `… ${tail - head} rows left out …` }, ...rows.slice(tail)];
}

/** `time  left ┤  between  ├ right`; the sides widen with the terminal, up to what a state or an event needs. */
function drawing(columns: number) {
  const side = Math.min(30, Math.floor((columns - timeColumns - 5) * 0.31));
  const middle = columns - timeColumns - 5 - 2 * side;
  const line = (time: string, left: string, between: string, right: string, [a, b] = ["│", "│"]) =>
    `${rightIn(time, timeColumns)} ${rightIn(left, side)} ${a}${leftIn(between, middle)}${b} ${leftIn(right, side)}`;
  return {
    title: (left: Role | undefined, right: Role | undefined): readonly string[] => [
      line("", printable(left?.endpoint ?? ""), "", printable(right?.endpoint ?? ""), [" ", " "]),
      line("", left?.address ?? "", "", right?.address ?? "", ["╷", "╷"]),
    ],
    row: (row: Row): readonly string[] => {
      const time = row.at === undefined ? "" : timeText(row.at);
      if (row.kind === "across") return hanging(`${rightIn(time, timeColumns)} ── `, row.text, columns);
      const [left, right] = [cellLines(row.left, side), cellLines(row.right, side)];
      const between = row.between === undefined ? [] : wrapped(row.between, middle - 2);
      return Array.from({ length: Math.max(left.length, right.length, between.length) }, (_, index) =>
        line(index === 0 ? time : "", left[index] ?? "", ` ${between[index] ?? ""}`, right[index] ?? "", [
          row.left?.kind === "state" ? "┤" : "│",
          row.right?.kind === "state" ? "├" : "│",
        ]),
      );
    },
  };
}

const cellLines = (cell: Cell | undefined, columns: number): readonly string[] =>
  cell === undefined ? [] : wrapped(cell.text, columns);

/** The endpoints that have no lifeline: the states of each, with its times. */
function othersText(t: Timeline, others: readonly EndpointName[], columns: number): readonly string[] {
  if (others.length === 0) return [];
  const lines = others.slice(0, mostOthers).flatMap((endpoint) => {
    const states = statesOf(t, endpoint).map((fact) => `${fact.state} ${timeText(fact.at)}`);
    const [calls, events] = [callsOf(t, endpoint).length, eventsOf(t, endpoint).length];
    const told = [...states, ...(calls > 0 ? [`calls: ${calls}`] : []), ...(events > 0 ? [`events: ${events}`] : [])];
    return hanging(`  ${printable(endpoint)}  `, told.join(", "), columns);
  });
  const left = others.length - mostOthers;
  return ["", "Also there:", ...lines, ...(left > 0 ? [`  … and ${left} more endpoints`] : [])];
}
