import { type MonoNs, ms } from "../../model/time.ts";
import type { Arrow } from "./arrow.ts";
import { opposite, type Side } from "./cast.ts";

/** What happened at one side of the ladder. A state is drawn on the lifeline, everything else beside it. */
export interface Cell {
  readonly kind: "state" | "call" | "event" | "measure" | "kernel";
  readonly text: string;
  /** Told by the kernel at the very moment, not read later. */
  readonly isExact?: true;
}

/** One line of the story beside the lifelines, with at most one arrow or fault between them. */
export interface Beside {
  readonly kind: "beside";
  readonly at: MonoNs;
  /** How far `at` may be off. */
  readonly uncertaintyNs: number;
  readonly left?: Cell;
  readonly right?: Cell;
  readonly arrow?: Arrow;
  /** A fault's begin or end. */
  readonly between?: string;
}

/** One line of the story: beside the lifelines, or across them. */
export type Row = Beside | { readonly kind: "across"; readonly at?: MonoNs; readonly text: string };

/** The time as the ladder shows it. */
export function timeText(at: MonoNs): string {
  return `${ms(at).toFixed(ms(at) < 100_000 ? 1 : 0)} ms`;
}

/**
 * Two rows as one, where that says the same: two states that the reader cannot tell apart in time, and a segment with
 * the change of state that sent it or that it made.
 */
export function asOne(above: Row, below: Row): Beside | undefined {
  if (above.kind === "across" || below.kind === "across") return undefined;
  if (above.between !== undefined || below.between !== undefined) return undefined;
  const isTwice = (["left", "right", "arrow"] as const).some((part) => above[part] && below[part]);
  if (isTwice || !areOneMoment(above, below)) return undefined;
  const { at, uncertaintyNs } = below.arrow === undefined ? above : below;
  return { ...above, ...below, at, uncertaintyNs };
}

function areOneMoment(above: Beside, below: Beside): boolean {
  if (above.arrow !== undefined)
    return (["left", "right"] as const).every((side) => follows(below, side, above, above.arrow));
  if (below.arrow !== undefined)
    return (["left", "right"] as const).every((side) => precedes(above, side, below, below.arrow));
  const [one, other] = [above.left ?? above.right, below.left ?? below.right];
  return one?.kind === "state" && other?.kind === "state" && timeText(above.at) === timeText(below.at);
}

/** Longer than a kernel needs from a segment to the change of state that belongs to it. */
const momentNs = 0.5e6;

/** States that a side enters in order to send, and never by what it receives. */
const sending = ["SYN-SENT", "FIN-WAIT-1", "LAST-ACK"];

/** Whether the cell, if there is one, is what the arrow above made of its receiver or left of its sender. */
function follows(row: Beside, side: Side, above: Beside, arrow: Arrow | undefined): boolean {
  const cell = row[side];
  if (cell === undefined || arrow === undefined) return true;
  if (!cell.isExact || row.at - above.at > momentNs || sending.includes(cell.text)) return false;
  return isReceiver(side, arrow)
    ? arrow.fate === "arrived" && !isSent(cell)
    : isSender(side, arrow) && !isReceived(cell);
}

/** Whether the cell, if there is one, belongs to the sending of the arrow below, or cannot be told to be before its arrival. */
function precedes(row: Beside, side: Side, below: Beside, arrow: Arrow | undefined): boolean {
  const cell = row[side];
  if (cell === undefined || arrow === undefined) return true;
  const before = below.at - row.at;
  if (!cell.isExact || before > momentNs) return false;
  if (isSender(side, arrow)) return !isReceived(cell);
  const isUntold = before <= row.uncertaintyNs + below.uncertaintyNs;
  const isMade = isReceiver(side, arrow) && arrow.fate === "arrived";
  return isUntold && isMade && !isSent(cell) && !sending.includes(cell.text);
}

const isSender = (side: Side, { towards, part }: Arrow): boolean => side === opposite(towards) && part !== "received";
const isReceiver = (side: Side, { towards, part }: Arrow): boolean => side === towards && part !== "sent";
const isSent = ({ kind, text }: Cell): boolean => kind === "kernel" && text !== "receives RST";
const isReceived = ({ text }: Cell): boolean => text === "receives RST";
