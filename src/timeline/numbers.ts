import type { Fact, SegmentFact } from "../model/fact.ts";
import type { Segment } from "../model/segment.ts";
import { addressText } from "../model/socket.ts";

/** A segment's numbers counted from its connection's own beginning. */
export interface RelativeNumbers {
  /** The SYN has 0, the first byte of data 1; negative for a number from before the SYN. */
  readonly seq: number;
  /** Relative to the other direction's SYN; undefined without ACK. */
  readonly ack: number | undefined;
  /** The number after the last one that the segment uses: bytes, and one each for SYN and FIN. */
  readonly next: number;
  /** Which connection of its four-tuple it belongs to, from 0. */
  readonly connection: number;
}

/** A captured segment that knows its relative numbers. They are computed from a story and never stored. */
export interface NumberedSegment extends SegmentFact {
  readonly relative: RelativeNumbers;
}

export function isNumbered(fact: Fact): fact is NumberedSegment {
  return fact.kind === "segment" && "relative" in fact;
}

/** The same facts, each segment with its relative numbers. They must be in order of time and begin where the story does. */
export function withNumbers(facts: readonly Fact[]): readonly Fact[] {
  if (facts.every((fact) => fact.kind !== "segment" || isNumbered(fact))) return facts;
  const conversations = new Map<string, Conversation>();
  return facts.map((fact) => {
    if (fact.kind !== "segment") return fact;
    const numbered: NumberedSegment = { ...fact, relative: numbersOf(fact.segment, conversations) };
    return numbered;
  });
}

/** All connections of one four-tuple. */
interface Conversation {
  current: Connection;
  /** The one before, while the SYN of the current one is not answered. */
  previous: Connection | undefined;
}

interface Connection {
  readonly number: number;
  /** The number of each side's SYN, by the side's address. */
  readonly bases: Map<string, number>;
}

function numbersOf(segment: Segment, conversations: Map<string, Conversation>): RelativeNumbers {
  const { flags, sequence, acknowledgment, payloadBytes } = segment;
  const [from, to] = [addressText(segment.source), addressText(segment.destination)];
  const key = [from, to].toSorted().join(" ");
  const conversation = conversations.get(key) ?? { current: { number: 0, bases: new Map() }, previous: undefined };
  conversations.set(key, conversation);
  const { number, bases } = connectionOf(segment, from, to, conversation);
  const hasAck = flags.includes("ACK");
  if (!flags.includes("RST")) {
    // Captured first after the handshake: the first byte has 1 then too. A RST may carry any number and begins nothing.
    if (!bases.has(from)) bases.set(from, before(sequence));
    if (hasAck && !bases.has(to)) bases.set(to, before(acknowledgment));
  }
  const seq = relative(sequence, bases.get(from) ?? sequence);
  return {
    seq,
    ack: hasAck ? relative(acknowledgment, bases.get(to) ?? before(acknowledgment)) : undefined,
    next: seq + payloadBytes + Number(flags.includes("SYN")) + Number(flags.includes("FIN")),
    connection: number,
  };
}

/** A SYN with a new number begins another connection; until it is answered, all else still belongs to the one before. */
function connectionOf(segment: Segment, from: string, to: string, conversation: Conversation): Connection {
  const { current, previous } = conversation;
  const { flags, sequence, acknowledgment } = segment;
  if (flags.includes("SYN")) {
    const base = current.bases.get(from);
    if (base === undefined) current.bases.set(from, sequence);
    if (base === undefined || base === sequence) return current;
    if (previous?.bases.get(from) === sequence) return previous;
    if (isAnswered(current)) conversation.previous = current;
    conversation.current = { number: current.number + 1, bases: new Map([[from, sequence]]) };
    return conversation.current;
  }
  const syn = current.bases.get(to);
  const isRefusal = flags.includes("RST") && syn !== undefined && before(acknowledgment) === syn;
  return previous === undefined || isAnswered(current) || isRefusal ? current : previous;
}

const isAnswered = ({ bases }: Connection): boolean => bases.size === 2;

const numbers = 2 ** 32;

const before = (sequence: number): number => (sequence + numbers - 1) % numbers;

/** How far a number lies from a base, modulo 2^32; negative for one from before it. */
export function relative(sequence: number, base: number): number {
  const distance = (sequence - base + numbers) % numbers;
  return distance >= numbers / 2 ? distance - numbers : distance;
}
