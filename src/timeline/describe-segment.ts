import type { SegmentFact } from "../model/fact.ts";
import type { Segment, TcpOptions } from "../model/segment.ts";
import { addressText } from "../model/socket.ts";
import { ms } from "../model/time.ts";
import { isNumbered, type RelativeNumbers, relative } from "./numbers.ts";

/** Longer than a segment needs in the harness's own network: it was held, or the machine was busy. */
const lateNs = 1e6;

/** Whether the segment came in noticeably later than it was sent. */
export function isLate({ at, arrivedAt = at }: SegmentFact): boolean {
  return arrivedAt - at >= lateNs;
}

/**
 * A captured segment in a form close to tcpdump's:
 * `client > server [SYN,ACK] seq 0 (abs 3389605359) ack 1 win 65160 len 0 options mss 1460, sackOK header 20+28 …`. The
 * numbers are relative where the story is known, the window is as in the header, the headers are IP's and TCP's.
 */
export function segmentText(fact: SegmentFact): string {
  const { segment, from, to } = fact;
  const path = `${from ?? addressText(segment.source)} > ${to ?? addressText(segment.destination)}`;
  const numbers = isNumbered(fact) ? fact.relative : undefined;
  const length = `win ${segment.window} len ${segment.payloadBytes}`;
  return [
    `${path} [${segment.flags.join(",") || "no flags"}] ${numbersText(segment, numbers)} ${length}`,
    fateText(fact),
    optionsText(segment, numbers),
    `header ${segment.ipHeaderBytes}+${segment.headerBytes}`,
    ...oddities(segment),
    checksumText(segment),
  ]
    .filter(Boolean)
    .join(" ");
}

/** Absolute beside relative where the number was chosen, or has nothing to count from. */
function numbersText({ flags, sequence, acknowledgment }: Segment, numbers: RelativeNumbers | undefined): string {
  const isChosen = flags.includes("SYN") || flags.includes("RST");
  const seq = numbers === undefined ? `${sequence}` : `${numbers.seq}${isChosen ? ` (abs ${sequence})` : ""}`;
  const ack = flags.includes("ACK") ? `ack ${numbers?.ack ?? acknowledgment}` : `ack field ${acknowledgment}`;
  return `seq ${seq} ${ack}`;
}

function fateText(fact: SegmentFact): string {
  if (fact.lostTo !== undefined) return `(lost to ${fact.lostTo})`;
  if (fact.arrivedAt === undefined) return "(never arrived)";
  return isLate(fact) ? `(arrived +${ms(fact.arrivedAt).toFixed(3)} ms)` : "";
}

function optionsText({ options, acknowledgment }: Segment, numbers: RelativeNumbers | undefined): string {
  // SACK's edges are numbers of the direction that is acknowledged.
  const ack = numbers?.ack;
  const edge = (number: number) => (ack === undefined ? number : ack + relative(number, acknowledgment));
  const said = namedOptions(options, edge);
  return said.length === 0 ? "" : `options ${said.join(", ")}`;
}

function namedOptions(options: TcpOptions, edge: (number: number) => number): readonly string[] {
  const { mss, windowScale, sackPermitted, sack = [], timestamps, fastOpen, others = [], malformed } = options;
  return [
    ...(mss === undefined ? [] : [`mss ${mss}`]),
    ...(sackPermitted ? ["sackOK"] : []),
    ...sack.map(({ left, right }) => `sack ${edge(left)}:${edge(right)}`),
    ...(timestamps === undefined ? [] : [`TS ${timestamps.value} ${timestamps.echo}`]),
    ...(windowScale === undefined ? [] : [`wscale ${windowScale}`]),
    ...(fastOpen === undefined ? [] : [`fast open ${fastOpen.cookieBytes} bytes`]),
    ...others.map(({ kind, bytes }) => `kind ${kind} of ${bytes} bytes`),
    ...(malformed ? ["malformed"] : []),
  ];
}

function oddities({ flags, urgentPointer, reserved }: Segment): readonly string[] {
  return [
    ...(flags.includes("URG") || urgentPointer !== 0 ? [`urgent pointer ${urgentPointer}`] : []),
    ...(reserved === 0 ? [] : [`reserved bits ${reserved}`]),
  ];
}

function checksumText({ checksum, checksumIsRight }: Segment): string {
  // Captured before the network card, or veth in its place, would have filled it in.
  const word = checksumIsRight === undefined ? "" : checksumIsRight ? " right" : " not filled in";
  return `checksum 0x${checksum.toString(16).padStart(4, "0")}${word}`;
}
