import { addressText } from "../../model/socket.ts";
import type { PassedThreshold } from "../../model/watch.ts";
import { causeWords } from "../leak/causes.ts";
import { printable } from "../text/width.ts";
import { descriptorText } from "./table.ts";
import { ageText, diagnosisText, growthText, holdersText, numberText } from "./words.ts";

/** What a passed threshold is told as: the expression, what was measured, and the socket or the process it is about. */
export function passedText({ expression, measured, socket, descriptors }: PassedThreshold): string {
  const lines = [`--fail ${JSON.stringify(expression)}: ${measuredText(expression, measured)}`];
  if (descriptors !== undefined) lines.push(`  ${descriptorText(descriptors)}`);
  if (socket !== undefined) {
    const { cause, row, holders, ageMs } = socket;
    lines.push(
      `  oldest    ${row.state} ${addressText(row.local)} ↔ ${addressText(row.peer)}, ${ageText(ageMs)}, ${diagnosisText(socket)}, ${holdersText(holders)}`,
      `  why       ${causeWords[cause].title}`,
      `  mend      ${causeWords[cause].mend}`,
      `  evidence  ${printable(row.line)}`,
    );
  }
  return lines.join("\n");
}

function measuredText(expression: string, measured: number): string {
  if (/\.age\b/i.test(expression)) return `it is ${ageText(measured)}`;
  return /\.growth\b/i.test(expression) ? `it is ${growthText(measured)}` : `it is ${numberText(measured)}`;
}
