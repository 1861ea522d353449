import type { CallSite, LeakCause, LeakedSocket, SocketHolder } from "../../model/leak.ts";
import type { Forecast, GateReport, TriedManner } from "../../model/leak-gate.ts";
import { type Paint, plain } from "../paint.ts";
import { countOf } from "../text/count.ts";
import { fitted, printable } from "../text/width.ts";
import { hanging } from "../text/wrap.ts";
import { causeWords } from "./causes.ts";
import { outsideIn, seconds } from "./words.ts";

/** Where the report is read. */
export interface GateTextOptions {
  readonly columns?: number;
  readonly paint?: Paint;
  /** Whether the program was made to record its call sites; default true. */
  readonly callSites?: boolean;
}

const labelColumns = 14;
const mostManners = 8;
const mostRows = 2;
const mostStackLines = 3;
const mostDescriptors = 6;
const outside = outsideIn(160);

/**
 * What `finwait leak` found, for people: one line where nothing was held; else by cause what is held, since when, after
 * which manners, from which line of the program, what that means and how it is mended. Everything that comes from the
 * program is made safe to print.
 */
export function gateText(report: GateReport, options: GateTextOptions = {}): string {
  const { columns = 100, paint = plain, callSites = true } = options;
  const page: Page = { columns: Math.max(60, columns), paint, callSites };
  const causes = [...Map.groupBy(report.leaked, ({ cause }) => cause)];
  return [
    ...headline(report, page),
    ...causes.flatMap(([cause, sockets]) => ["", ...causeText(cause, sockets, report, page)]),
    ...forecastText(report.forecasts, page),
    ...remarks(report, page),
  ].join("\n");
}

interface Page {
  readonly columns: number;
  readonly paint: Paint;
  readonly callSites: boolean;
}

function headline(report: GateReport, { columns, paint }: Page): readonly string[] {
  const { leaked, manners, durationMs, graceMs } = report;
  const tried = manners.filter(({ spoken }) => spoken !== undefined);
  const connections = tried.reduce((sum, one) => sum + one.connections, 0);
  const what = `${outside(report.subject)} at ${report.target} over ${languages(report)}`;
  const how = `${countOf(connections, "connection")} in ${countOf(tried.length, "manner")}`;
  if (leaked.length === 0) {
    const text = `${what}: ${how}, and no socket was held after its end (${seconds(durationMs)})`;
    return hanging(paint.green("✓ no leak  "), text, columns);
  }
  const held = `${countOf(leaked.length, "socket")} still held ${seconds(graceMs)} after the end, of ${how} (${seconds(durationMs)})`;
  return hanging(paint.red("✗ leaks    "), `${what}: ${held}`, columns);
}

function languages({ spoken }: GateReport): string {
  const words = { http: "HTTP", upgrade: "Upgrade", connect: "CONNECT", tcp: "plain TCP" } as const;
  return spoken.map((one) => words[one]).join(", ");
}

function causeText(
  cause: LeakCause,
  sockets: readonly LeakedSocket[],
  report: GateReport,
  page: Page,
): readonly string[] {
  const { title, meaning, mend } = causeWords[cause];
  const oldest = Math.max(...sockets.map(({ ageMs }) => ageMs));
  const rows = sockets.slice(0, mostRows).map(({ row }) => row.line);
  return [
    page.paint.bold(`${countOf(sockets.length, "socket")}: ${title}`),
    ...field("state", stateText(cause, sockets), page),
    ...field("age", `${seconds(oldest)} or more without anything moving`, page),
    ...field("held by", holdersText(sockets), page),
    ...provoked(sockets, report, page),
    ...sitesText(sockets, page),
    ...field("meaning", meaning, page),
    ...field("usual mend", mend, page),
    ...rows.flatMap((line, index) => evidence(index === 0 ? "ss" : "", line, page)),
    ...(sockets.length > mostRows ? field("", `and ${sockets.length - mostRows} more`, page) : []),
  ];
}

/** "CLOSE-WAIT, Recv-Q 10 to 76, Send-Q 0". */
function stateText(cause: LeakCause, sockets: readonly LeakedSocket[]): string {
  const rows = sockets.map(({ row }) => row);
  const states = [...new Set(rows.map(({ state }) => state))].join(", ");
  if (cause === "abandoned") return `no socket table has it any more; last seen in ${states}`;
  const [received, sent] = [rows.map(({ recvQ }) => recvQ), rows.map(({ sendQ }) => sendQ)];
  return `${states}, Recv-Q ${range(received)}, Send-Q ${range(sent)}`;
}

function range(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function holdersText(sockets: readonly LeakedSocket[]): string {
  const byProcess = Map.groupBy(
    sockets.flatMap(({ holders }) => holders),
    ({ pid, process }: SocketHolder) => `${outside(process)} (pid ${pid})`,
  );
  if (byProcess.size === 0) return "a process that could not be named";
  return [...byProcess]
    .map(([who, held]) => `${who}, descriptor${held.length === 1 ? "" : "s"} ${few(held)}`)
    .join("; ");
}

function few(held: readonly SocketHolder[]): string {
  const shown = held.slice(0, mostDescriptors).map(({ fd }) => fd);
  return `${shown.join(", ")}${held.length > shown.length ? ` and ${held.length - shown.length} more` : ""}`;
}

/** Growth is told per connection: how many an hour is up to who connects. */
function provoked(sockets: readonly LeakedSocket[], { manners, target }: GateReport, page: Page): readonly string[] {
  const counts = manners.flatMap((manner) => countsAfter(manner, sockets, target));
  const unknown = sockets.filter(({ manner }) => manner === undefined).length;
  const all = [...counts, ...(unknown > 0 ? [`${unknown}: opened before finwait did anything`] : [])];
  const shown = all.slice(0, mostManners);
  const more = all.length > shown.length ? [`and after ${countOf(all.length - shown.length, "more manner")}`] : [];
  return [...shown, ...more].flatMap((text, index) => field(index === 0 ? "left after" : "", text, page));
}

/** What the program opened itself is no share of the peers' connections, of which there may be fewer. */
function countsAfter(
  { name, connections }: TriedManner,
  sockets: readonly LeakedSocket[],
  target: string,
): readonly string[] {
  const all = sockets.filter(({ manner }) => manner === name);
  const accepted = all.filter(({ row }) => target.endsWith(`:${row.local.port}`)).length;
  const own = all.length - accepted;
  return [
    ...(accepted > 0 ? [`${accepted} of ${countOf(connections, "connection")}: ${name}`] : []),
    ...(own > 0 ? [`${countOf(own, "socket")} of its own: ${name}`] : []),
  ];
}

function sitesText(sockets: readonly LeakedSocket[], page: Page): readonly string[] {
  const sites = new Map<string, { readonly site: CallSite; readonly count: number }>();
  for (const { site } of sockets) {
    if (site === undefined) continue;
    const key = `${site.how} ${site.at}`;
    sites.set(key, { site, count: (sites.get(key)?.count ?? 0) + 1 });
  }
  if (sites.size === 0) {
    const why = page.callSites
      ? "call sites are recorded of Node programs only (see docs/leaks.md)"
      : "--no-call-sites";
    return field("opened at", `unknown: ${why}`, page);
  }
  return [...sites.values()].flatMap(({ site: { how, at, stack }, count }, index) => {
    const what = how === "accept" ? "accepted by the server that listens at" : "opened at";
    const label = index === 0 ? "from" : "";
    return [
      ...field(label, `${outside(at)} (${countOf(count, "socket")} ${what} this line)`, page),
      ...stack.slice(1, mostStackLines).flatMap((line) => field("", `  ${outside(line.trim())}`, page)),
    ];
  });
}

function forecastText(forecasts: readonly Forecast[], { columns }: Page): readonly string[] {
  return forecasts.flatMap(({ pid, process, manner, open, limit, connections }) => {
    const text = `${outside(process)} (pid ${pid}) has ${open} of ${limit} descriptors open: after about ${connections} more connections like "${manner}", accept() fails with EMFILE.`;
    return ["", ...hanging("", text, columns)];
  });
}

function remarks({ stop, notes, undecided, blind, graceMs }: GateReport, page: Page): readonly string[] {
  const undecidedText =
    undecided > 0
      ? [`${countOf(undecided, "more socket")} had ended and kept moving, and had not rested for ${seconds(graceMs)}`]
      : [];
  const all = [...undecidedText, ...notes.map(outside), ...blind.map(outside), `the stop: ${stop}`];
  return ["", ...all.flatMap((text) => hanging("  - ", text, page.columns).map(page.paint.dim))];
}

function field(label: string, text: string, { columns, paint }: Page): readonly string[] {
  const lines = hanging(`  ${label.padEnd(labelColumns - 2)}`, text, columns);
  return lines.map((line) => (label === "" ? line : line.replace(label, () => paint.dim(label))));
}

function evidence(label: string, line: string, { columns }: Page): readonly string[] {
  return [
    `  ${label.padEnd(labelColumns - 2)}${fitted(printable(line).replaceAll(/ +/g, " "), columns - labelColumns)}`,
  ];
}
