import type { DescriptorUse, LeakCause, LeakedSocket, LeakReport, SocketHolder } from "../../model/leak.ts";
import { countOf } from "../text/count.ts";
import { fitted, printable } from "../text/width.ts";
import { hanging } from "../text/wrap.ts";
import { causeWords } from "./causes.ts";
import { outsideIn, seconds } from "./words.ts";

const columns = 96;
/** An ss line is some 500 characters long; the first of them say which socket it is. */
const ssColumns = 200;
const mostSockets = 3;
const mostHolders = 3;
const mostNotes = 5;
const outside = outsideIn(120);

/**
 * A report of leaks as text of bounded length: by cause the sockets as `ss` shows them, who holds them and since when,
 * what that means and how it is usually mended. Names and lines that come from outside are made safe to print.
 */
export function describeLeaks(report: LeakReport): string {
  const { leaked, undecided, graceMs } = report;
  const causes = [...Map.groupBy(leaked, ({ cause }) => cause)];
  const found = leaked.length === 0 ? "no sockets" : countOf(leaked.length, "socket");
  return [
    `${outside(report.subject)} leaks ${found} (${looked(report)})`,
    ...causes.flatMap(([cause, sockets]) => ["", ...causeText(cause, sockets)]),
    ...notes("", undecided === 0 ? [] : [`${countOf(undecided, "more suspect")} had not lasted ${seconds(graceMs)}.`]),
    ...notes("Descriptors:", leaked.length === 0 ? [] : report.descriptors.map(useText)),
    ...notes("Not looked at:", report.blind.map(outside)),
  ].join("\n");
}

function looked({ graceMs, watchedMs, readings }: LeakReport): string {
  return `grace ${seconds(graceMs)}; ${countOf(readings, "reading")} in ${seconds(watchedMs)}`;
}

function causeText(cause: LeakCause, sockets: readonly LeakedSocket[]): readonly string[] {
  const { title, meaning, mend } = causeWords[cause];
  const shown = sockets.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, mostSockets);
  const left = sockets.length - shown.length;
  return [
    `${countOf(sockets.length, "socket")}: ${title}`,
    ...shown.flatMap(socketText),
    ...(left > 0 ? [`  … and ${left} more, none of them older`] : []),
    ...hanging("  meaning  ", meaning, columns),
    ...hanging("  mend     ", mend, columns),
  ];
}

function socketText({ cause, row, holders, ageMs, site, manner }: LeakedSocket): readonly string[] {
  const line = fitted(printable(row.line.replaceAll(/\s+/g, " ").trim()), ssColumns);
  const origin =
    site === undefined ? [] : [`${site.how === "accept" ? "accepted by" : "opened at"} ${outside(site.at)}`];
  const facts = [
    `for ${seconds(ageMs)} or longer`,
    holdersText(holders),
    ...origin,
    ...(manner === undefined ? [] : [`its peer: ${outside(manner)}`]),
  ];
  // ss lists an abandoned one no more.
  return [`  ${cause === "abandoned" ? "before: " : ""}${line}`, `    ${facts.join(", ")}`];
}

function holdersText(holders: readonly SocketHolder[]): string {
  if (holders.length === 0) return "held by a process that could not be named";
  const shown = holders
    .slice(0, mostHolders)
    .map(({ pid, process, fd }) => `${outside(process)} (pid ${pid}, fd ${fd})`);
  const left = holders.length - shown.length;
  return `held by ${shown.join(" and ")}${left > 0 ? ` and ${left} more` : ""}`;
}

function useText({ pid, process, open, limit }: DescriptorUse): string {
  return `${outside(process)} (pid ${pid}) has ${open} open, and may have ${limit}`;
}

function notes(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const left = lines.length - mostNotes;
  const shown = [...lines.slice(0, mostNotes), ...(left > 0 ? [`… and ${left} more`] : [])];
  return ["", ...(title === "" ? shown : [title, ...shown.map((line) => `  ${line}`)])];
}
