import { fitted, leftIn, printable, rightIn, widthOf } from "../text/width.ts";
import { hanging, wrapped } from "../text/wrap.ts";
import type { Arrow } from "./arrow.ts";
import type { Role } from "./cast.ts";
import { type Beside, type Cell, type Row, timeText } from "./row.ts";

const timeColumns = 10;

export interface Drawing {
  title(left: Role | undefined, right: Role | undefined): readonly string[];
  row(row: Row): readonly string[];
}

/** `time  left ┤── arrow ──▶├ right`; the sides widen with the terminal, up to what a state or an event needs. */
export function drawing(columns: number, isFaultNamed: boolean): Drawing {
  const side = Math.max(12, Math.min(30, Math.floor((columns - timeColumns - 5) * 0.265)));
  const middle = columns - timeColumns - 5 - 2 * side;
  const line = (time: string, left: string, between: string, right: string, [a, b] = ["│", "│"]) =>
    `${rightIn(time, timeColumns)} ${rightIn(left, side)} ${a}${leftIn(between, middle)}${b} ${leftIn(right, side)}`;
  return {
    title: (left, right) => {
      const names = line("", printable(left?.endpoint ?? ""), "", printable(right?.endpoint ?? ""), [" ", " "]);
      const [a, b] = [left?.address ?? "", right?.address ?? ""];
      if (widthOf(a) <= side && widthOf(b) <= side) return [names, line("", a, "", b, ["╷", "╷"])];
      return [names, ...longAddresses(a, b, timeColumns + 1 + side, columns), line("", "", "", "", ["╷", "╷"])];
    },
    row: (row) => {
      const time = row.at === undefined ? "" : timeText(row.at);
      if (row.kind === "across") return hanging(`${rightIn(time, timeColumns)} ── `, row.text, columns);
      const [left, right] = [cellLines(row.left, side), cellLines(row.right, side)];
      const between = betweenLines(row, middle, isFaultNamed);
      return Array.from({ length: Math.max(left.length, right.length, between.length) }, (_, index) =>
        line(index === 0 ? time : "", left[index] ?? "", between[index] ?? "", right[index] ?? "", [
          row.left?.kind === "state" && index === 0 ? "┤" : "│",
          row.right?.kind === "state" && index === 0 ? "├" : "│",
        ]),
      );
    },
  };
}

/** Addresses that are too long for their sides: each ends where it would, and begins where it must. */
function longAddresses(left: string, right: string, leftColumns: number, columns: number): readonly string[] {
  const rightColumns = columns - leftColumns - 2;
  const [a, b] = [wrapped(left, leftColumns), wrapped(right, rightColumns)];
  return Array.from(
    { length: Math.max(a.length, b.length) },
    (_, index) => `${rightIn(a[index] ?? "", leftColumns)}  ${rightIn(b[index] ?? "", rightColumns)}`,
  );
}

const cellLines = (cell: Cell | undefined, columns: number): readonly string[] =>
  cell === undefined ? [] : wrapped(cell.text, columns);

function betweenLines({ arrow, between }: Beside, columns: number, isFaultNamed: boolean): readonly string[] {
  if (arrow !== undefined) return [arrowText(arrow, columns, isFaultNamed)];
  return between === undefined ? [] : wrapped(between, columns - 2).map((text) => ` ${text}`);
}

/** Drawn from its sender to where it came: to the lifeline, short of it, or not even near; dotted where it was in flight. */
function arrowText(arrow: Arrow, columns: number, isFaultNamed: boolean): string {
  const tail = arrow.part === "received" ? "  ┄┄┄" : "";
  const heads = [...(isFaultNamed ? [headOf(arrow, arrow.lostTo)] : []), headOf(arrow)];
  const fits = heads.map((head) => ({
    head,
    ...labelled(arrow, columns - widthOf(tail) - widthOf(head.text) - head.gap),
  }));
  const chosen = fits.find(({ isWhole }) => isWhole) ?? fits.at(-1);
  if (chosen === undefined) return "";
  const { head, label, rest } = chosen;
  // What was lost on the way ends soon after its label, and so does what is still in flight.
  const isShort = arrow.fate === "unseen" || arrow.part === "sent";
  const body = `── ${label} ${"─".repeat(Math.max(1, isShort ? Math.min(rest, 2) : rest))}`;
  if (arrow.towards === "right") return `${tail}${body}${head.text}`;
  const text = `${head.text}${body}${[...tail].toReversed().join("")}`;
  return " ".repeat(Math.max(0, columns - widthOf(text))) + text;
}

/** The fullest label that fits, and the columns it leaves. */
function labelled({ labels }: Arrow, columns: number): { label: string; rest: number; isWhole: boolean } {
  const room = columns - 5;
  const whole = labels.find((text) => widthOf(text) <= room);
  const label = printable(whole ?? fitted(labels.at(-1) ?? "", room));
  return { label, rest: room + 1 - widthOf(label), isWhole: whole !== undefined };
}

/** How an arrow ends, and how many columns it stays away from the lifeline. */
function headOf({ fate, part, towards }: Arrow, fault?: string): { readonly text: string; readonly gap: number } {
  const isRight = towards === "right";
  if (part === "sent") return { text: "┄┄┄", gap: 2 };
  if (fate === "unseen") return { text: "?", gap: 2 };
  if (fate === "arrived") return { text: isRight ? "▶" : "◀", gap: 0 };
  if (fault === undefined) return { text: "✗", gap: 2 };
  return { text: printable(isRight ? `✗ ${fault}` : `${fault} ✗`), gap: 1 };
}
