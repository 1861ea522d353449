import type { CaseAnswer, Verdict } from "../../model/verdict.ts";
import { type Paint, plain } from "../paint.ts";

export interface TerminalOptions {
  /** Columns of the terminal; default 80, and at least 60. */
  readonly columns?: number;
  /** Default: no colours. */
  readonly paint?: Paint;
}

/** The options with their defaults filled in. */
export function settled({ columns = 80, paint = plain }: TerminalOptions): Required<TerminalOptions> {
  return { columns: Math.max(60, columns), paint };
}

/** How a verdict or a case's answer looks: one column of symbol, and its colour. */
export function lookOf(word: Verdict["verdict"] | CaseAnswer): { readonly symbol: string; readonly hue: keyof Paint } {
  switch (word) {
    case "confirmed":
    case "holds":
      return { symbol: "✓", hue: "green" };
    case "refuted":
    case "fails":
      return { symbol: "✗", hue: "red" };
    case "conditional":
      return { symbol: "~", hue: "yellow" };
    case "inconclusive":
      return { symbol: "?", hue: "yellow" };
    case "untestable":
      return { symbol: "-", hue: "dim" };
    case "error":
      return { symbol: "!", hue: "red" };
    default:
      return word satisfies never;
  }
}
