import type { WatchedDescriptors, WatchedGroup, WatchReading } from "../../model/watch.ts";
import { causeWords } from "../leak/causes.ts";
import type { Paint } from "../paint.ts";
import { countOf } from "../text/count.ts";
import { fitted, leftIn, printable, rightIn, widthOf } from "../text/width.ts";
import { hanging } from "../text/wrap.ts";
import {
  ageText,
  causeText,
  diagnosisText,
  durationText,
  growthText,
  numberText,
  peerText,
  processText,
} from "./words.ts";

/** Where a table is to fit. */
export interface TableSpace {
  readonly columns: number;
  /** Lines for everything; groups that do not fit are counted. */
  readonly rows: number;
  readonly paint: Paint;
}

const head = ["process", "state", "count", "diagnosis", "oldest", "growth", "peer", "fd"] as const;
const isRight: readonly boolean[] = [false, false, true, false, false, true, false, true];
/** Columns that give way where there is little room, and how little they can do with. */
const yielding = [
  { column: 6, least: 12 },
  { column: 0, least: 10 },
  { column: 3, least: 10 },
] as const;
const gap = "  ";
const leastGroups = 3;

/** A reading as lines for a terminal: a header, a row for each group, what becomes of the descriptors, and what it means. */
export function watchTable(seen: WatchReading, { columns, rows, paint }: TableSpace): string {
  const reading = { ...seen, groups: seen.groups.filter((group) => !isPassing(group)) };
  const footer = [...descriptorLines(reading, columns), ...legend(reading, columns).map(paint.dim)];
  const room = Math.max(leastGroups, rows - footer.length - 5);
  const shown = reading.groups.slice(0, room);
  const body = shown.length === 0 ? [quiet] : groupLines(shown, columns, paint);
  const hidden = reading.groups.slice(room);
  const left = hidden.reduce((sum, { count }) => sum + count, 0);
  const more =
    hidden.length === 0
      ? []
      : [paint.dim(`… and ${countOf(left, "socket")} in ${countOf(hidden.length, "more group")}`)];
  return [paint.bold(fitted(headline(reading), columns)), "", ...body, ...more, "", ...footer].join("\n").trimEnd();
}

/** Seen for the first time, and its descriptor closed before it could be found out whose it was. */
function isPassing({ pid, oldestMs }: WatchedGroup): boolean {
  return pid === undefined && oldestMs === 0;
}

const quiet = "No socket is held whose end has come.";

/** "process 4711 (node)   watched 41 s   network: 312 sockets, 40 connected, 889 TIME-WAIT". */
export function headline({ subject, watchedMs, totals }: WatchReading): string {
  const counted =
    totals === undefined
      ? []
      : [
          `network: ${numberText(totals.inUse)} sockets, ${numberText(totals.connected)} connected, ${numberText(totals.timeWait)} TIME-WAIT`,
        ];
  return [printable(subject), `watched ${durationText(watchedMs)}`, ...counted].join("   ");
}

function groupLines(groups: readonly WatchedGroup[], columns: number, paint: Paint): readonly string[] {
  const cells = groups.map(cellsOf);
  const widths = widthsIn([head, ...cells], columns);
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => (isRight[column] ? rightIn : leftIn)(text, widths[column] ?? 0))
      .join(gap)
      .trimEnd();
  return [paint.dim(line(head)), ...cells.map(line)];
}

function cellsOf(group: WatchedGroup): readonly string[] {
  return [
    processText(group),
    group.state,
    numberText(group.count),
    diagnosisText(group.oldest),
    ageText(group.oldestMs),
    growthText(group.growthPerHour),
    peerText(group),
    String(group.oldest.holders[0]?.fd ?? "?"),
  ];
}

function widthsIn(rows: readonly (readonly string[])[], columns: number): readonly number[] {
  const widths = head.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  for (const { column, least } of yielding) {
    const over = widths.reduce((sum, width) => sum + width, 0) + gap.length * (head.length - 1) - columns;
    const width = widths[column] ?? 0;
    if (over > 0) widths[column] = Math.max(Math.min(least, width), width - over);
  }
  return widths;
}

function descriptorLines({ descriptors, groups }: WatchReading, columns: number): readonly string[] {
  const suspects = new Set(groups.map(({ pid }) => pid));
  const held = descriptors.filter(({ pid }) => suspects.has(pid)).toSorted((a, b) => a.left - b.left);
  return held.slice(0, 3).flatMap((use) => hanging("descriptors  ", descriptorText(use), columns));
}

/** "node (4711) has 412 of 1,024 open, 612 left; at +120/h none is left in 5 h 6 min, and what it opens then fails with EMFILE". */
export function descriptorText(use: WatchedDescriptors): string {
  const { open, limit, left, growthPerHour, exhaustedInMs } = use;
  const now = `${processText(use)} has ${numberText(open)} of ${numberText(limit)} open, ${numberText(left)} left`;
  if (exhaustedInMs === undefined || !Number.isFinite(exhaustedInMs)) return now;
  const rate = growthText(growthPerHour);
  return `${now}; at ${rate} none is left in ${durationText(exhaustedInMs)}, and what it opens then fails with EMFILE`;
}

function legend({ groups, blind }: WatchReading, columns: number): readonly string[] {
  const causes = [...new Set(groups.map(({ cause }) => cause))];
  const meanings = causes.flatMap((cause) => hanging(`${causeText(cause)}: `, causeWords[cause].title, columns));
  return [...meanings, ...blind.flatMap((text) => hanging("not seen: ", printable(text), columns))];
}
