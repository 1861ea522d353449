import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { everySegment, onWire, someSegment } from "../../judge/wire.ts";
import type { Needs } from "../../model/claim.ts";
import type { TcpOptions } from "../../model/segment.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, type WireSegment } from "../../timeline/wire.ts";
import { sides } from "../shared/sides.ts";
import { manual, notes, rfc2018, rfc7323, rfc7413, rfc9293 } from "../sources.ts";
import { wholeConversation, withGap } from "./conversation.ts";

const isHandshake = (segment: WireSegment) => has(segment, "SYN");
const isLater = (segment: WireSegment) => !has(segment, "SYN");

/** How many bytes the options themselves have, kind and length included, without any padding. */
function bytesOf({ mss, windowScale, sackPermitted, sack, timestamps, fastOpen, others = [] }: TcpOptions): number {
  const lengths = [
    mss === undefined ? 0 : 4,
    windowScale === undefined ? 0 : 3,
    sackPermitted === undefined ? 0 : 2,
    sack === undefined ? 0 : 2 + 8 * sack.length,
    timestamps === undefined ? 0 : 10,
    fastOpen === undefined ? 0 : 2 + fastOpen.cookieBytes,
    ...others.map(({ bytes }) => bytes),
  ];
  return lengths.reduce((sum, length) => sum + length, 0);
}

/**
 * Options and padding account for every byte of the list. It ends with a word because its length is told in words: whether
 * it is padding that fills the rest, and not something else, is the question.
 */
function fillWords({ fact }: WireSegment): boolean {
  const { options, headerBytes } = fact.segment;
  const own = bytesOf(options);
  return own > 0 && options.malformed === undefined && 20 + own + (options.paddingBytes ?? 0) === headerBytes;
}

function filled(t: Timeline, which: string, isMeant: (segment: WireSegment) => boolean): Check {
  return claimed(
    `${which} has options, and with their padding they fill a header of whole 32-bit words exactly`,
    onWire(t, sides, (all) => everySegment(all.filter(isMeant), fillWords)),
  );
}

function withMss(t: Timeline): Check {
  return claimed(
    "the maximum segment size is among them",
    onWire(t, sides, (all) =>
      everySegment(all.filter(isHandshake), ({ fact }) => fact.segment.options.mss !== undefined),
    ),
  );
}

/** Whether the options of some such segment do not fill words by themselves. */
function needsPadding(t: Timeline, isMeant: (segment: WireSegment) => boolean): Check {
  return given(
    "without padding the options would end within a word",
    onWire(t, sides, (all) => someSegment(all.filter(isMeant), ({ fact }) => bytesOf(fact.segment.options) % 4 !== 0)),
  );
}

const without = (...names: readonly string[]): Needs => ({
  capture: true,
  sysctls: Object.fromEntries(names.map((name) => [`net.ipv4.${name}`, 0])),
});

function inHandshake(name: string, needs: Needs, premises: (t: Timeline) => readonly Check[] = () => []): Case {
  return {
    name,
    needs,
    experiment: (lab) => wholeConversation(lab),
    question: (t) => [...premises(t), filled(t, "every SYN and SYN+ACK", isHandshake), withMss(t)],
  };
}

const afterwards: Case = {
  name: "this kernel's defaults, after the handshake: timestamps",
  needs: { capture: true },
  experiment: (lab) => wholeConversation(lab),
  question: (t) => [needsPadding(t, isLater), filled(t, "every later segment", isLater)],
};

const isSelective = ({ fact }: WireSegment) => fact.segment.options.sack !== undefined;

const selective: Case = {
  name: "this kernel's defaults, after a loss: timestamps and SACK",
  needs: { capture: true },
  experiment: withGap,
  question: (t) => [filled(t, "every segment that acknowledges selectively", isSelective)],
};

const fastOpen: Case = {
  name: "a SYN that asks for a Fast Open cookie (sent by perl)",
  needs: { capture: true },
  async experiment(lab) {
    const listener = await lab.listen();
    const client = await lab.peer(listener);
    await client.sendWithSyn("hello");
    await client.connected();
  },
  question: (t) => [
    given(
      "the SYN asks for a cookie",
      onWire(t, sides, (all) => someSegment(all, ({ fact }) => fact.segment.options.fastOpen !== undefined)),
    ),
    needsPadding(t, isHandshake),
    filled(t, "every SYN and SYN+ACK", isHandshake),
    withMss(t),
  ],
};

export const optionsFillWords: Claim = {
  address: "wire/options-fill-words",
  statement: {
    en: "A header can have options, such as the maximum segment size (MSS), and padding makes them end with a 32-bit word.",
    zh: "首部可以带选项，例如最大报文段长度（MSS）；选项不足 32 位的整数倍时，用填充补齐。",
  },
  sources: [
    ...notes("N3", "N4"),
    rfc9293("3.1"),
    rfc9293("3.2"),
    rfc9293("3.7.1"),
    rfc7323("2.2"),
    rfc7323("3.2"),
    rfc2018("2"),
    rfc7413("4.1.1"),
    manual("tcp(7)"),
  ],
  cases: [
    inHandshake("this kernel's defaults: MSS, SACK permitted, timestamps, window scale", { capture: true }, (t) => [
      needsPadding(t, isHandshake),
    ]),
    inHandshake(
      "timestamps off (tcp_timestamps 1 → 0): MSS, SACK permitted, window scale",
      without("tcp_timestamps"),
      (t) => [needsPadding(t, isHandshake)],
    ),
    inHandshake(
      "timestamps, SACK and window scaling off: MSS alone",
      without("tcp_timestamps", "tcp_sack", "tcp_window_scaling"),
    ),
    afterwards,
    selective,
    fastOpen,
  ],
};
