import type { DescriptorUse, SocketsReading } from "../../model/leak.ts";
import type { SocketTotals, WatchedCount, WatchedDescriptors, WatchReading } from "../../model/watch.ts";
import { Tracker } from "../tracker.ts";
import { type Group, groupSuspects } from "./groups.ts";
import { Growth } from "./growth.ts";
import { passedBy } from "./passed.ts";
import { stateNames, type Threshold } from "./threshold.ts";

/** From then on a suspect counts for growth: a busy event loop makes some that heal. */
const lastingMs = 5_000;
const hourMs = 3_600_000;

/** What is read beside the sockets. */
export interface Surroundings {
  readonly at: string;
  readonly tookMs: number;
  readonly totals?: SocketTotals;
  readonly descriptors: readonly DescriptorUse[];
  /** What could not be looked at this time, and what that hides. */
  readonly blind?: readonly string[];
}

export interface WatcherOptions {
  readonly subject: string;
  readonly thresholds?: readonly Threshold[];
}

/** Makes of readings, one after the other, what `finwait watch` shows. Remembers no more than the suspects there are. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #tracker = new Tracker();
  /** By state, process or group: how the number of lasting suspects developed. */
  #growths = new Map<string, Growth>();
  #startedMs: number | undefined;
  #readings = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  take(reading: SocketsReading, { at, tookMs, totals, descriptors, blind = [] }: Surroundings): WatchReading {
    const { subject, thresholds = [] } = this.#options;
    this.#startedMs ??= reading.atMs;
    this.#readings += 1;
    const groups = groupSuspects(this.#tracker.take(reading), reading.atMs, lastingMs);
    const growthOf = this.#grow(reading.atMs, countsOf(groups));
    const found: Omit<WatchReading, "passed"> = {
      at,
      subject,
      reading: this.#readings,
      watchedMs: reading.atMs - this.#startedMs,
      tookMs,
      ...(totals === undefined ? {} : { totals }),
      states: states.map((state) => ({ state, ...sum(groups.filter(inState(state)), growthOf(state)) })),
      suspects: sum(groups, growthOf("all")),
      groups: groups.map((group) => describeGroup(group, growthOf(group.key))),
      descriptors: descriptors.map((use) => describeUse(use, growthOf(String(use.pid)))),
      blind,
    };
    return { ...found, passed: passedBy(thresholds, found) };
  }

  /** Adds the counts to what is known of their growth, and forgets what is not there any more. */
  #grow(atMs: number, counts: ReadonlyMap<string, number>): (key: string) => { growthPerHour?: number } {
    const before = this.#growths;
    this.#growths = new Map();
    // What was there when watching began has not lasted until then as far as we know: that it comes to is no growth.
    const hasBegun = atMs - (this.#startedMs ?? atMs) >= lastingMs;
    for (const [key, count] of counts) {
      const growth = before.get(key) ?? new Growth();
      if (hasBegun) growth.add(atMs, count);
      this.#growths.set(key, growth);
    }
    return (key) => {
      const growthPerHour = this.#growths.get(key)?.perHour();
      return growthPerHour === undefined ? {} : { growthPerHour };
    };
  }
}

const states = [...stateNames.values()];
const inState = (state: string) => (group: Group) => group.oldest.row.state === state;

function countsOf(groups: readonly Group[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(["all", ...states].map((key) => [key, 0]));
  for (const { key, holder, lasting, oldest } of groups) {
    const process = holder === undefined ? [] : [String(holder.pid)];
    for (const name of [key, "all", oldest.row.state, ...process]) counts.set(name, (counts.get(name) ?? 0) + lasting);
  }
  return counts;
}

function sum(groups: readonly Group[], growth: { growthPerHour?: number }): WatchedCount {
  return {
    count: groups.reduce((total, { count }) => total + count, 0),
    lasting: groups.reduce((total, { lasting }) => total + lasting, 0),
    oldestMs: groups.reduce((oldest, group) => Math.max(oldest, group.oldest.ageMs), 0),
    ...growth,
  };
}

function describeGroup({ holder, local, peer, count, lasting, oldest }: Group, growth: { growthPerHour?: number }) {
  return {
    state: oldest.row.state,
    cause: oldest.cause,
    ...(holder === undefined ? {} : { pid: holder.pid, process: holder.process }),
    local,
    peer,
    count,
    lasting,
    oldestMs: oldest.ageMs,
    ...growth,
    oldest,
  };
}

function describeUse(use: DescriptorUse, growth: { growthPerHour?: number }): WatchedDescriptors {
  const left = Math.max(0, use.limit - use.open);
  const { growthPerHour = 0 } = growth;
  const exhausted = growthPerHour > 0 ? { exhaustedInMs: (left / growthPerHour) * hourMs } : {};
  return { ...use, left, ...growth, ...exhausted };
}
