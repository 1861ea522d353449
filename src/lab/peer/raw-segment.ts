import { type TcpFlag, tcpFlags } from "../../model/segment.ts";

/** What one hand-made segment says. Numbers are the wire's own, absolute, modulo 2^32. */
export interface RawSegment {
  readonly flags: readonly TcpFlag[];
  readonly sequence: number;
  /** Default 0; a receiver looks at it only when ACK is among the flags. */
  readonly acknowledgment?: number;
  /** As in the header, not scaled. Default 65,535. */
  readonly window?: number;
  readonly urgentPointer?: number;
  /** Default: the option is absent, which Linux takes also where it was agreed on. With it, PAWS applies (RFC 7323 §5). */
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** Data bytes, each a `!`, which no endpoint's own pattern repeats. Default 0. */
  readonly payloadBytes?: number;
}

const exclamationMark = 0x21;
const timestampsOption = [1, 1, 8, 10] as const;

/** The TCP header and data of RFC 9293 §3.1, its checksum still 0: who sends it knows the addresses that belong to it. */
export function encodeSegment(ports: { readonly from: number; readonly to: number }, segment: RawSegment): Uint8Array {
  const { acknowledgment = 0, window = 0xffff, urgentPointer = 0, payloadBytes = 0, timestamps } = segment;
  const headerBytes = timestamps === undefined ? 20 : 32;
  const bytes = new Uint8Array(headerBytes + payloadBytes).fill(exclamationMark, headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ports.from);
  view.setUint16(2, ports.to);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, acknowledgment);
  view.setUint8(12, (headerBytes / 4) << 4);
  view.setUint8(
    13,
    segment.flags.reduce((bits, flag) => bits | (1 << tcpFlags.indexOf(flag)), 0),
  );
  view.setUint16(14, window);
  view.setUint16(18, urgentPointer);
  if (timestamps !== undefined) {
    bytes.set(timestampsOption, 20);
    view.setUint32(24, timestamps.value);
    view.setUint32(28, timestamps.echo);
  }
  return bytes;
}
