import type { MonoNs } from "./time.ts";

export type TcpFlag = "FIN" | "SYN" | "RST" | "PSH" | "ACK" | "URG" | "ECE" | "CWR";

/** One TCP segment as captured. Sequence numbers are the wire's own, absolute. */
export interface Segment {
  readonly at: MonoNs;
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  readonly flags: readonly TcpFlag[];
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly window: number;
  readonly payloadBytes: number;
}
