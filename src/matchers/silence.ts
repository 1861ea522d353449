import type { StateFact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import { socketIn, statedMs, watch } from "./kernel-watch.ts";
import { type Asked, type Outcome, outcome, undecidable } from "./outcome.ts";
import { nameOf, seenLast } from "./socket-text.ts";

/** States of an end that has sent its FIN. */
const hasEnded: readonly TcpState[] = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "LAST-ACK", "TIME-WAIT"];

/**
 * `toSendNothing`: for a time the kernel's counters show no byte sent, no segment sent again, and no FIN. Bare
 * acknowledgements and keep-alive probes do not count: they are the kernel's, and may come at any time. That a socket
 * that vanished sent nothing (a reset, say) cannot be seen any more, and neither the matcher nor its .not is then met.
 */
export async function toSendNothing(asked: Asked, received: unknown, options: unknown): Promise<Outcome> {
  const socket = socketIn(received, "toSendNothing");
  const forMs = statedMs(options, "for", "Say for how long: toSendNothing({ for: 500 }).");
  const { first, last, found } = await watch(
    socket,
    forMs,
    (seen, before) => isUnseen(before, seen) || sent(before, seen).length > 0,
  );
  const told = (what: string) => () => [`${nameOf(socket)} ${what}`, ...seenLast(socket, last)];
  if (isUnseen(first, last)) {
    const what = first.state === "CLOSED" ? "has no socket to watch:" : "is gone; what it sent last cannot be seen:";
    return undecidable(asked, told(`was watched for what it sends, and ${what}`));
  }
  return outcome(
    !found,
    told(
      found
        ? `was to send nothing for ${forMs} ms, but sent ${sent(first, last).join(" and ")}:`
        : `was to send something within ${forMs} ms, but sent nothing:`,
    ),
  );
}

/** Whether what it sent between two readings cannot be read: a socket without a row has no counters. */
function isUnseen(first: StateFact, now: StateFact): boolean {
  // After TIME-WAIT and LAST-ACK nothing new is sent: the end of them is no mystery.
  const isOrderlyEnd = now.state === "CLOSED" && (first.state === "TIME-WAIT" || first.state === "LAST-ACK");
  return (first.row === undefined || now.row === undefined) && !isOrderlyEnd;
}

/** What left between two readings, in words; empty when nothing did. */
function sent(first: StateFact, now: StateFact): readonly string[] {
  const more = (name: string, count: (text: string) => number) =>
    // TIME-WAIT has no counters; ss leaves out zeros.
    now.row === undefined || now.state === "TIME-WAIT" ? 0 : counted(now, name, count) - counted(first, name, count);
  const bytes = more("bytes_sent", Number);
  // retrans:0/2 are the segments sent again and unanswered, and all that were ever sent again.
  const again = more("retrans", (text) => Number(text.split("/")[1]));
  return [
    ...(bytes > 0 ? [`${bytes} bytes`] : []),
    ...(again > 0 ? [`${again} segments again`] : []),
    ...(hasEnded.includes(now.state) && !hasEnded.includes(first.state) ? ["its FIN"] : []),
  ];
}

function counted({ row }: StateFact, name: string, count: (text: string) => number): number {
  const text = row?.tcpInfo[name];
  return typeof text === "string" ? count(text) : 0;
}
