import { FinwaitError } from "../../model/errors.ts";
import type { SocketRow } from "../../model/socket.ts";
import { endOfLine, readRow } from "./row.ts";

/**
 * Reads what `ss` printed when it was asked with `ssArguments`. Every line that is not blank becomes part of a row, or
 * FINWAIT_SS_UNREADABLE is thrown with the line in its message. Two kinds of words are not those of tcp_info and still
 * land in `tcpInfo`: `fwmark` and `v6only`, and whatever a newer ss adds.
 */
export function parseSs(text: string): SocketRow[] {
  return parseSsKeeping(text, (row) => row);
}

/** The same, with what `keep` leaves of each row as soon as it is read: thousands of whole rows are tens of megabytes. */
export function parseSsKeeping(text: string, keep: (row: SocketRow) => SocketRow): SocketRow[] {
  const rows: SocketRow[] = [];
  for (let at = 0; at < text.length; ) {
    const lineEnd = endOfLine(text, at);
    const read = isBlank(text, at, lineEnd) ? undefined : (readRow(text, at, lineEnd) ?? unreadable(text, at, lineEnd));
    if (read !== undefined) rows.push(keep(read.row));
    at = (read?.end ?? lineEnd) + 1;
  }
  return rows;
}

function isBlank(text: string, at: number, lineEnd: number): boolean {
  return text.slice(at, lineEnd).trim() === "";
}

function unreadable(text: string, at: number, lineEnd: number): never {
  const line = text.slice(at, lineEnd);
  throw new FinwaitError(
    "FINWAIT_SS_UNREADABLE",
    `ss printed a line that finwait cannot read: ${line}\nRun \`ss -V\` and report the line with the version.`,
  );
}
