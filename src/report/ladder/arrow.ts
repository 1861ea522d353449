import { ms } from "../../model/time.ts";
import { isLate } from "../../timeline/describe-segment.ts";
import type { Meaning } from "../../timeline/meaning.ts";
import { relative } from "../../timeline/numbers.ts";
import { has, isBareAck, type WireSegment } from "../../timeline/wire.ts";
import type { Side } from "./cast.ts";

/** A segment, or many of one kind, between the lifelines. */
export interface Arrow {
  readonly towards: Side;
  /** What it says, from the fullest to the shortest: a drawing takes the first that fits. */
  readonly labels: readonly string[];
  readonly fate: "arrived" | "lost" | "unseen";
  /** The fault that dropped it where it came in. */
  readonly lostTo?: string;
  /** A segment that was overtaken in flight has two arrows: where it was sent, and where it came in. */
  readonly part: "whole" | "sent" | "received";
  /** How many segments it stands for. */
  readonly count: number;
}

/** A segment that is drawn, with what it means in its conversation. */
export interface DrawnSegment {
  readonly wire: WireSegment;
  readonly meaning: Meaning | undefined;
  readonly towards: Side;
}

export function arrowOf(drawn: DrawnSegment, part: Arrow["part"]): Arrow {
  const { fact } = drawn.wire;
  const fate = fact.lostTo !== undefined ? "lost" : fact.arrivedAt === undefined ? "unseen" : "arrived";
  const lostTo = fact.lostTo === undefined ? {} : { lostTo: fact.lostTo };
  return { towards: drawn.towards, labels: labelsOf(drawn, part), fate, ...lostTo, part, count: 1 };
}

/** Many segments of one kind and direction as one arrow. */
export function bulkArrow(segments: readonly DrawnSegment[], side: Side): Arrow {
  const count = segments.length;
  const bytes = segments.reduce((sum, { wire }) => sum + wire.fact.segment.payloadBytes, 0).toLocaleString("en");
  const last = segments.at(-1)?.wire.ack;
  const labels =
    bytes === "0"
      ? [`${count} × ACK, the last ack=${last}`, `${count} × ACK to ${last}`, `${count} × ACK`]
      : [`data: ${count} segments, ${bytes} bytes`, `data × ${count}, ${bytes} bytes`, `${bytes} bytes`];
  return { towards: side, labels, fate: "arrived", part: "whole", count };
}

/** Whether it is data or an acknowledgment as thousands are: nothing about it has to be seen. */
export function isPlain({ wire, meaning }: DrawnSegment): boolean {
  const { window, flags, options } = wire.fact.segment;
  const isSpecial = flags.some((flag) => ["SYN", "FIN", "RST", "URG"].includes(flag));
  const isHere = wire.fact.arrivedAt !== undefined && wire.fact.lostTo === undefined && !isLate(wire.fact);
  return isHere && !isSpecial && meaning === undefined && window > 0 && options.sack === undefined;
}

/** A word of a label; the higher its rank, the sooner it goes when there is no room. */
interface Word {
  readonly text: string;
  readonly rank: number;
}

/** The label with all its words, then with fewer and fewer. */
function labelsOf(drawn: DrawnSegment, part: Arrow["part"]): readonly string[] {
  const words = wordsOf(drawn, part);
  const ranks = [...new Set(words.map(({ rank }) => rank))].toSorted((a, b) => b - a);
  const labels = ranks.map((most) =>
    words
      .filter(({ rank }) => rank <= most)
      .map(({ text }) => text)
      .join(" "),
  );
  return drawn.meaning === undefined || drawn.meaning === "again" ? labels : [...labels.slice(0, -1), drawn.meaning];
}

function wordsOf({ wire, meaning }: DrawnSegment, part: Arrow["part"]): readonly Word[] {
  const { seq, ack, fact } = wire;
  const { flags, window, options, payloadBytes, acknowledgment } = fact.segment;
  const isAck = isBareAck(wire);
  const isCounted = !isAck || meaning === "keep-alive" || meaning === "window probe";
  const showsWindow = !has(wire, "RST") && (window === 0 || meaning === "window update");
  const edge = (number: number) => (ack ?? 0) + relative(number, acknowledgment);
  const word = (rank: number, text: string, is = true): readonly Word[] => (is ? [{ rank, text }] : []);
  return [
    ...word(0, flags.join(",") || "no flags"),
    ...word(2, `seq=${seq}`, isCounted),
    ...word(isAck ? 3 : 4, `ack=${ack}`, ack !== undefined),
    ...word(3, `len=${payloadBytes}`, payloadBytes > 0),
    ...word(
      5,
      (options.sack ?? []).map(({ left, right }) => `sack=${edge(left)}:${edge(right)}`).join(" "),
      options.sack !== undefined,
    ),
    ...word(6, `mss=${options.mss}`, options.mss !== undefined),
    ...word(showsWindow ? 1 : 6, `win=${window}`, showsWindow || options.mss !== undefined),
    ...word(1, meaning ?? "", meaning !== undefined),
    ...word(1, `in ${ms((fact.arrivedAt ?? fact.at) - fact.at).toFixed(1)} ms`, part === "whole" && isLate(fact)),
  ];
}
