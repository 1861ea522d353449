import type { WatchedGroup, WatchReading } from "../../model/watch.ts";
import {
  ageText,
  diagnosisText,
  durationText,
  fdText,
  growthText,
  numberText,
  peerText,
  processText,
} from "./words.ts";

/** Tells what has changed since the last reading it was given, a line a group: for logs, where no table can stand. */
export function changeTeller(): (reading: WatchReading) => readonly string[] {
  let told = new Map<string, WatchedGroup>();
  return ({ groups, watchedMs }) => {
    const now = new Map<string, WatchedGroup>();
    const lines: string[] = [];
    for (const group of groups) {
      const key = keyOf(group);
      const before = told.get(key);
      // What was seen once may be gone at the next reading: a busy event loop makes some that heal.
      if (before === undefined && group.oldestMs === 0) continue;
      now.set(key, group);
      if (before?.count !== group.count) lines.push(line(group, group.count - (before?.count ?? 0)));
    }
    for (const [key, group] of told) if (!now.has(key)) lines.push(gone(group));
    told = now;
    return lines.map((text) => `${durationText(watchedMs)}: ${text}`);
  };
}

function keyOf({ pid, state, cause, local, peer }: WatchedGroup): string {
  return `${pid} ${state} ${cause} ${local.address} ${peer.address}`;
}

function line(group: WatchedGroup, change: number): string {
  const { state, count, growthPerHour, oldest, oldestMs } = group;
  const changed = `${numberText(count)} (${change > 0 ? "+" : ""}${numberText(change)})`;
  const growth = growthPerHour === undefined ? [] : [growthText(growthPerHour)];
  const facts = [diagnosisText(oldest), `oldest ${ageText(oldestMs)}`, ...growth, fdText(oldest.holders)];
  return `${who(group)} ${state} ${changed}: ${facts.join(", ")}`;
}

function gone(group: WatchedGroup): string {
  return `${who(group)} ${group.state} 0 (-${numberText(group.count)}): all gone or moving again`;
}

function who(group: WatchedGroup): string {
  return `${processText(group)} ${peerText(group)}`;
}
