import { readFileSync } from "node:fs";
import { addressText } from "../../../../src/model/socket.ts";
import { parseTraceLine, type TraceEvent } from "../../../../src/observe/tracepoint/parse.ts";

/** Lines of trace_pipe as linux-6.18 printed them: tests/fixtures/tracepoint/README.md tells how they were recorded. */
export const recordedLines: readonly string[] = readFileSync(
  new URL("../../../fixtures/tracepoint/linux-6.18.txt", import.meta.url),
  "utf8",
)
  .trimEnd()
  .split("\n");

/** What the recording tells of the socket with this local and this peer port, in its order. */
export function toldOf(local: number, peer: number): readonly string[] {
  return recordedLines
    .map((line) => parseTraceLine(line, 0n))
    .filter((event) => event !== undefined)
    .filter((event) => "local" in event && event.local.port === local && event.peer.port === peer)
    .map(inWords);
}

export function inWords(event: TraceEvent): string {
  if (event.kind === "transition") return `${event.from} → ${event.to}`;
  if (event.kind === "lost") return `${event.events} lost`;
  if (event.kind === "marker") return `marker "${event.text}"`;
  return `${addressText(event.local)} ${addressText(event.peer)} ${event.kind}`;
}
