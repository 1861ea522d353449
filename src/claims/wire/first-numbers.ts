import type { Observation } from "../../judge/observation.ts";
import { claimed } from "../../judge/question.ts";
import { onWholeWire } from "../../judge/wire.ts";
import type { MeasureFact } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import { relative } from "../../timeline/numbers.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, isSyn, isSynAck, type WireSegment, wireOf } from "../../timeline/wire.ts";
import type { Side } from "../shared/sides.ts";

const numberSpace = 2 ** 32;

/**
 * Linux adds to a hash of addresses and ports, whose key nobody knows, a clock that ticks every 64 ns
 * (net/core/secure_seq.c); RFC 9293 §3.4.1 speaks of one that ticks every 4 µs.
 */
const tickNs = 64;

/** A second either way: of random numbers, one in 137 is that close by chance; no host is that slow to send what it chose. */
const toleratedTicks = 1e9 / tickNs;

/** A number found in the first sequence numbers of one side's connections. */
interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly of: (chosen: readonly WireSegment[]) => number;
}

/** Whether a figure of the first numbers of at least `count` connections is as asked; unseen when there are fewer. */
function figureOf(
  t: Timeline,
  side: Side,
  count: number,
  { name, unit, of }: Figure,
  isSo: (value: number) => boolean,
): Observation {
  const chosen = firstOf(wireOf(t), side);
  const value = of(chosen);
  const { answer, evidence } = onWholeWire(t, () => ({
    answer: chosen.length < count ? undefined : isSo(value),
    shown: chosen,
  }));
  const last = chosen.at(-1)?.fact;
  if (answer === undefined || last === undefined) return { answer, evidence };
  const { at, host } = last;
  const label = `${chosen.length} connections`;
  const measure: MeasureFact = { kind: "measure", at, host, name: `the ${side}'s ${name}`, label, value, unit };
  return { answer, evidence: [measure, ...evidence] };
}

/** The segments with a side's first numbers, one a connection, in the order of sending: sent again, they keep theirs. */
function firstOf(segments: readonly WireSegment[], side: Side): readonly WireSegment[] {
  const chosen = segments.filter(side === "client" ? isSyn : isSynAck);
  const key = ({ fact: { segment } }: WireSegment) =>
    `${segment.source.port} ${segment.destination.port} ${segment.sequence}`;
  return chosen.filter((one, index) => chosen.findIndex((other) => key(other) === key(one)) === index);
}

/** What numbers chosen at random have in common, however few. */
export function spread(t: Timeline, side: Side, count: number): readonly Check[] {
  return [
    claimed(
      `no two of the ${side}'s first numbers are the same`,
      figureOf(t, side, count, different, (n) => n >= count),
    ),
    claimed(
      "they lie in all four quarters of the number space",
      figureOf(t, side, count, quarters, (n) => n === 4),
    ),
    claimed(
      "the next is smaller about as often as greater",
      // Of 64 random numbers, 31.5 are greater than the one before, give or take 2.3.
      figureOf(t, side, count, ascents, (n) => n > count / 4 && n < (3 * count) / 4),
    ),
  ];
}

const different: Figure = {
  name: "first numbers",
  unit: "different ones",
  of: (chosen) => new Set(chosen.map(sequence)).size,
};

const quarters: Figure = {
  name: "first numbers",
  unit: "quarters of the number space",
  of: (chosen) => new Set(chosen.map((one) => Math.floor((4 * sequence(one)) / numberSpace))).size,
};

const ascents: Figure = {
  name: "first numbers",
  unit: "greater than the one before",
  of: (chosen) => neighbours(chosen).filter(([before, after]) => sequence(after) > sequence(before)).length,
};

/** Whether most numbers could not be told from the one before: adding the time between to that misses them. */
export function cannotBeToldFromTheClock(t: Timeline, side: Side, count: number): Observation {
  return figureOf(t, side, count, told, (n) => n < (count - 1) / 2);
}

const told: Figure = {
  name: "first numbers",
  unit: "as the one before and a clock of 64 ns foretell",
  of: (chosen) =>
    neighbours(chosen).filter(([before, after]) => {
      const ticks = (after.fact.at - before.fact.at) / tickNs;
      return Math.abs(relative(sequence(after), (sequence(before) + Math.round(ticks)) % numberSpace)) < toleratedTicks;
    }).length,
};

/** Whether the server's second first number is not what Linux makes of the connection before: its last number and 65,537. */
export function cannotBeToldFromTimeWait(t: Timeline): Observation {
  return onWholeWire(t, (all) => {
    const [, chosen] = firstOf(all, "server");
    const fin = all.find((one) => has(one, "FIN") && one.fact.segment.source.port === chosen?.fact.segment.source.port);
    if (chosen === undefined || fin === undefined) return { answer: undefined, shown: [] };
    const next = fin.fact.segment.sequence + (fin.next - fin.seq);
    return { answer: sequence(chosen) !== (next + 65_537) % numberSpace, shown: [fin, chosen] };
  });
}

function sequence({ fact }: WireSegment): number {
  return fact.segment.sequence;
}

function neighbours<T>(all: readonly T[]): readonly (readonly [T, T])[] {
  return all.slice(1).flatMap((after, index) => all.slice(index, index + 1).map((before) => [before, after] as const));
}
