import type { KernelFact, ObserverFact, SegmentFact, TransitionFact } from "../../../src/model/fact.ts";
import type { Segment, TcpFlag } from "../../../src/model/segment.ts";
import { tcpFlags } from "../../../src/model/segment.ts";
import type { SocketAddress } from "../../../src/model/socket.ts";
import type { TcpState } from "../../../src/model/state.ts";
import { addresses, at } from "./facts.ts";

export type End = "client" | "server";

/** What a segment is beside its sender and flags. Numbers are relative; `arrives` and `takes` are milliseconds. */
export interface SegmentOptions extends Partial<Segment> {
  readonly seq?: number;
  readonly ack?: number;
  readonly len?: number;
  readonly takes?: number;
  readonly lostTo?: string;
  readonly isUnseen?: boolean;
  readonly isUnnamed?: boolean;
}

/** The numbers that the two sides chose, and their addresses. */
export interface Pair {
  readonly client: { readonly isn: number; readonly address: SocketAddress };
  readonly server: { readonly isn: number; readonly address: SocketAddress };
}

export const pair: Pair = {
  client: { isn: 3_389_605_359, address: addresses.client },
  server: { isn: 1_204_716_051, address: addresses.server },
};

const opposite = (end: End): End => (end === "client" ? "server" : "client");
const wrapped = (number: number): number => ((number % 2 ** 32) + 2 ** 32) % 2 ** 32;

/** Makes segments of one connection: `segment(1.2, "client", "SYN")`. */
export function segmentsOf(of: Pair = pair) {
  return (ms: number, from: End, flags: string, options: SegmentOptions = {}): SegmentFact => {
    const { seq = 0, ack, len = 0, takes = 0.03, lostTo, isUnseen, isUnnamed, ...fields } = options;
    const to = opposite(from);
    return {
      kind: "segment",
      at: at(ms),
      host: from,
      ...(isUnnamed ? {} : { from, to }),
      segment: {
        source: of[from].address,
        destination: of[to].address,
        flags: flags.split(",").filter((flag): flag is TcpFlag => tcpFlags.some((known) => known === flag)),
        sequence: wrapped(of[from].isn + seq),
        acknowledgment: ack === undefined ? 0 : wrapped(of[to].isn + ack),
        window: flags === "RST" ? 0 : 502,
        checksum: 0x1c2b,
        urgentPointer: 0,
        reserved: 0,
        headerBytes: 32,
        ipHeaderBytes: 20,
        options: {},
        payloadBytes: len,
        ...fields,
      },
      ...(isUnseen ? {} : { arrivedAt: at(ms + takes) }),
      ...(lostTo === undefined ? {} : { lostTo }),
      uncertaintyNs: 20_000,
    };
  };
}

export const segment = segmentsOf();

export function transition(ms: number, endpoint: string, from: TcpState, to: TcpState): TransitionFact {
  return { kind: "transition", at: at(ms), host: endpoint, endpoint, from, to, uncertaintyNs: 1000 };
}

export function kernel(ms: number, endpoint: string, name: KernelFact["event"]): KernelFact {
  return { kind: "kernel", at: at(ms), host: endpoint, endpoint, event: name, uncertaintyNs: 1000 };
}

export function observer(
  host: string,
  { lost = 0, ms = 9999, us = 20, observer: name = "capture" as ObserverFact["observer"] } = {},
): ObserverFact {
  return { kind: "observer", at: at(ms), host, observer: name, lost, uncertaintyNs: us * 1000, driftNs: us * 100 };
}

export const pair6: Pair = {
  client: { isn: 7, address: { address: "fd77:6669:6e77::1", port: 40000 } },
  server: { isn: 9, address: { address: "fd77:6669:6e77::2", port: 20001 } },
};
