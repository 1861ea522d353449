import type { Segment } from "../../../../src/model/segment.ts";
import { PcapDecoder, type PcapRecord } from "../../../../src/observe/capture/decoder.ts";

export interface Decoded {
  readonly segments: readonly (Omit<PcapRecord, "bytes"> & { readonly segment: Segment; readonly bytes: number[] })[];
  readonly datagrams: readonly { readonly payload: number[]; readonly ports: unknown; readonly direction: string }[];
  readonly skipped: number;
  readonly header: Uint8Array | undefined;
  /** What was thrown: by which chunk, or by finish(). */
  readonly error: unknown;
}

/** Everything that a capture in these chunks holds, copied. */
export function decode(...chunks: readonly Uint8Array[]): Decoded {
  const segments: Decoded["segments"][number][] = [];
  const datagrams: Decoded["datagrams"][number][] = [];
  const decoder = new PcapDecoder({
    segment: (segment, record) => segments.push({ ...record, bytes: [...record.bytes], segment }),
    datagram: (payload, ports, { direction }) => datagrams.push({ payload: [...payload], ports, direction }),
  });
  let error: unknown;
  try {
    for (const chunk of chunks) decoder.push(chunk);
    decoder.finish();
  } catch (thrown) {
    error = thrown;
  }
  return { segments, datagrams, skipped: decoder.skipped, header: decoder.header, error };
}
