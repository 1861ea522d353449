import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given, type Question } from "../../judge/question.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Session } from "../../lab/session.ts";
import type { Needs } from "../../model/claim.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { carriesData, has, type WireSegment } from "../../timeline/wire.ts";
import { connectPair, sides } from "../shared/sides.ts";
import { ipSysctl, notes, rfc2018, rfc7323, rfc9293 } from "../sources.ts";
import { wholeConversation, withGap } from "./conversation.ts";

const isHandshake = (segment: WireSegment) => has(segment, "SYN");
const isLater = (segment: WireSegment) => !has(segment, "SYN");

/** What the statement says of the segments that are meant. */
function twenty(t: Timeline, which: string, isMeant: (segment: WireSegment) => boolean): readonly Check[] {
  return [
    claimed(
      `TCP's header has 20 bytes (data offset 5) in ${which}`,
      onWire(t, sides, (all) => everySegment(all.filter(isMeant), ({ fact }) => fact.segment.headerBytes === 20)),
    ),
    claimed(
      "without data such a segment has 40 bytes in all",
      onWire(t, sides, (all) => {
        const bare = all.filter((segment) => isMeant(segment) && !carriesData(segment));
        return everySegment(bare, ({ fact }) => fact.segment.ipHeaderBytes + fact.segment.headerBytes === 40);
      }),
    ),
  ];
}

interface Trial {
  readonly sysctls?: Needs["sysctls"];
  readonly experiment?: (lab: Session) => Promise<void>;
  readonly question: Question;
}

function tried(name: string, { sysctls, experiment = (lab) => wholeConversation(lab), question }: Trial): Case {
  return { name, needs: { capture: true, ...(sysctls === undefined ? {} : { sysctls }) }, experiment, question };
}

const noTimestamps = { "net.ipv4.tcp_timestamps": 0 };
const noOptions = { ...noTimestamps, "net.ipv4.tcp_sack": 0, "net.ipv4.tcp_window_scaling": 0 };

/** Data comes to an orphan: the server's kernel has the connection (FIN-WAIT-2), and nobody is left to read from it. */
async function toOrphan(lab: Session): Promise<void> {
  const { client, server } = await connectPair(lab);
  await server.destroy();
  await client.saw("end");
  await client.write(5);
  await client.reaches("CLOSED");
}

export const header20Bytes: Claim = {
  address: "wire/header-20-bytes",
  statement: {
    en: "A TCP header has 20 bytes, so its data offset is 5; with the 20 of IPv4's header, a segment without data has 40.",
    zh: "TCP 首部为 20 字节，数据偏移字段的值是 5；加上 IPv4 首部的 20 字节，不带数据的报文段共 40 字节。",
  },
  sources: [
    ...notes("N3", "N4"),
    rfc9293("3.1"),
    rfc9293("3.7.1"),
    rfc7323("3.2"),
    rfc2018("3"),
    ipSysctl("tcp_timestamps"),
    ipSysctl("tcp_sack"),
    ipSysctl("tcp_window_scaling"),
  ],
  cases: [
    tried("this kernel's defaults, after the handshake", {
      question: (t) => twenty(t, "every segment after the handshake", isLater),
    }),
    tried("this kernel's defaults, in the handshake's SYN and SYN+ACK", {
      question: (t) => twenty(t, "SYN and SYN+ACK", isHandshake),
    }),
    tried("timestamps off (tcp_timestamps 1 → 0), after the handshake", {
      sysctls: noTimestamps,
      question: (t) => twenty(t, "every segment after the handshake", isLater),
    }),
    tried("timestamps off (tcp_timestamps 1 → 0), after a loss", {
      sysctls: noTimestamps,
      experiment: withGap,
      question: (t) => [
        given(
          "some segment acknowledges selectively",
          onWire(t, sides, (all) => someSegment(all, ({ fact }) => fact.segment.options.sack !== undefined)),
        ),
        ...twenty(t, "every segment after the handshake", isLater),
      ],
    }),
    tried("timestamps, SACK and window scaling off, after the handshake", {
      sysctls: noOptions,
      question: (t) => twenty(t, "every segment after the handshake", isLater),
    }),
    tried("timestamps, SACK and window scaling off, in SYN and SYN+ACK", {
      sysctls: noOptions,
      question: (t) => twenty(t, "SYN and SYN+ACK", isHandshake),
    }),
    tried("this kernel's defaults, a RST that answers data which came after the server's program had closed", {
      experiment: toOrphan,
      question: (t) => twenty(t, "every RST", (segment) => has(segment, "RST")),
    }),
  ],
};
