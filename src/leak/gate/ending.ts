import type { Suspect } from "../tracker.ts";
import type { Judged } from "./judge.ts";
import { endText, type Subject } from "./subject.ts";

/** What Node prints when nobody listens for the error of a socket. */
const unheard = /ECONNRESET|Unhandled 'error' event/;
const hint =
  ". Most likely a peer's reset ended it, for a socket has no 'error' listener: add socket.on('error', …), in particular after 'upgrade' or 'connect'";

/**
 * Throws when the subject has ended, saying what was being done and what was suspect when it was last looked at. A program
 * that ended before it was driven has left others to listen; one that ends later was driven to it.
 */
export function checkOf(subject: Subject, suspects: () => readonly Suspect[]): (what: string) => void {
  const hadEnded = subject.end() !== undefined;
  return (what) => {
    const end = subject.end();
    if (end === undefined || hadEnded) return;
    const advice = end.exitCode !== 0 && unheard.test(subject.output()) ? hint : "";
    const before = suspectText(suspects());
    throw subject.failure(
      `${endText(end)} while finwait ${what}, and nothing can be said of its sockets${before}${advice}`,
    );
  };
}

/** " (at the last look 4 were suspect: 3 CLOSE-WAIT, 1 FIN-WAIT-2)". */
function suspectText(suspects: readonly Suspect[]): string {
  if (suspects.length === 0) return "";
  const counts = [...Map.groupBy(suspects, ({ row }) => row.state)].map(([state, { length }]) => `${length} ${state}`);
  return ` (at the last look ${suspects.length} were suspect: ${counts.join(", ")})`;
}

/** What is said of a subject that is not accused, for it did not answer once more. */
export function silenceText(
  { leaked: { length }, silentMs }: Pick<Judged, "leaked" | "silentMs">,
  graceMs: number,
): string {
  const waiting = `${length === 1 ? "1 socket" : `${length} sockets`} waited to be closed, and nothing can be said of them`;
  // Who is stuck lets the question wait; who has no room for another connection ends it at once.
  if (silentMs < graceMs)
    return `took no further connection, or ended it without an answer, after the drive, while ${waiting}: it may be out of descriptors, or allow no more connections`;
  return `did not answer for ${Math.round(silentMs / 100) / 10} s after the drive, while ${waiting}: it hangs (out of descriptors, or of what its requests share), or its event loop is blocked for longer than the grace of ${graceMs / 1000} s; raise --grace`;
}
