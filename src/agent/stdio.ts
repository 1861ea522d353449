import { createLineDecoder, encodeLine, parseRequest } from "../protocol/codec.ts";
import type { Notice, Reply, Request } from "../protocol/messages.ts";
import type { Deliver } from "./outbox.ts";

/** Writes NDJSON to stdout. `onGone` is called when nobody reads it any more. */
export function deliverToStdout(onGone: () => void): Deliver {
  process.stdout.on("error", onGone);
  return (messages, done) => {
    process.stdout.write(messages.map(encodeLine).join(""), done);
  };
}

export interface StdinListener {
  request(request: Request): void;
  /** A line that was no request, as what is said about it. */
  objection(message: Objection): void;
  end(): void;
}

export type Objection =
  | Omit<Extract<Reply, { error: unknown }>, "at" | "startedAt">
  | Omit<Extract<Notice, { notice: "malformed" }>, "at">;

/** Reads NDJSON from stdin, until the harness closes it or dies. */
export function listenToStdin(listener: StdinListener): void {
  const decoder = createLineDecoder();
  process.stdin.on("data", (chunk: Uint8Array) => {
    for (const line of decoder.push(chunk)) {
      const parsed = parseRequest(line);
      if (parsed.kind === "request") listener.request(parsed.request);
      else if (parsed.kind === "refused") listener.objection({ re: parsed.id, error: parsed.error });
      else listener.objection({ notice: "malformed", message: parsed.message });
    }
  });
  process.stdin.on("end", listener.end);
  process.stdin.on("close", listener.end);
  process.stdin.on("error", listener.end);
}
