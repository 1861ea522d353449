import type { Segment } from "../../../../src/model/segment.ts";
import { decode } from "./decode.ts";
import { type Bytes, encodeFile, encodeIp, encodeTcp } from "./encode.ts";

const source = { address: "10.77.0.1", port: 10001 };
const destination = { address: "10.77.0.2", port: 20001 };
export const ends = { source: source.address, destination: destination.address };
export const bare: Segment = {
  source,
  destination,
  flags: ["FIN", "ACK"],
  sequence: 0xfffffffe,
  acknowledgment: 0x80000000,
  window: 502,
  checksum: 0,
  urgentPointer: 0,
  reserved: 0,
  headerBytes: 20,
  ipHeaderBytes: 20,
  options: {},
  payloadBytes: 0,
};
export const tcp = encodeTcp(bare, [], []);
export const ip = encodeIp(ends, tcp);
export const ip6 = encodeIp({ source: "fd77::1", destination: "fd77::2" }, tcp);

/** The only record of a file with this frame. */
export const only = (linkType: number, frame: Bytes, original?: number) =>
  decode(encodeFile({ linkType }, [{ frame, ...(original === undefined ? {} : { original }) }]));
export const segmentIn = (linkType: number, frame: Bytes, original?: number) =>
  only(linkType, frame, original).segments[0];
