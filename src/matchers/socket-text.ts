import type { StateFact } from "../model/fact.ts";
import { ladder } from "../report/ladder/ladder.ts";
import { fitted, printable } from "../report/text/width.ts";
import { ssLine } from "../timeline/describe.ts";
import type { WatchedSocket } from "./kernel-watch.ts";
import { stateWords } from "./state-words.ts";

/** An ss line is some 500 characters long, most of them for the kernel's own people. */
const ssColumns = 200;
const ladderRows = 24;
const ladderColumns = 96;

/** What was seen of a socket last, and the story of its connection: bounded, and safe to print. */
export function seenLast(socket: WatchedSocket, last: StateFact): readonly string[] {
  return [
    `  ${last.state}: ${stateWords[last.state]}`,
    `  ss: ${fitted(printable(ssLine(last)), ssColumns)}`,
    "",
    ...ladder(socket.facts, { columns: ladderColumns, rows: ladderRows }).split("\n").map(printable),
  ];
}

/** The name a socket has in the lab, on one line. */
export function nameOf({ name }: WatchedSocket): string {
  return fitted(printable(name), 60);
}
