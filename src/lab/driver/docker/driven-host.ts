import type { DrivenHost } from "../driver.ts";
import { FrameSplitter } from "./frames.ts";
import type { Attachment } from "./host-container.ts";
import { createTail } from "./tail.ts";

/** After the exit, how long the last bytes of stderr may take to get here. */
const lastWordsMs = 500;

export function drivenHost(name: string, addresses: DrivenHost["addresses"], attachment: Attachment): DrivenHost {
  const { stream, exitCode } = attachment;
  const tail = createTail();
  const output = new FrameSplitter(tail.push);
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  stream.pipe(output);
  return {
    name,
    addresses,
    isRoot: true,
    input: stream,
    output,
    exited: wordsFor(exitCode, closed),
    stderrTail: tail.text,
  };
}

async function wordsFor(exitCode: Promise<number>, closed: Promise<void>): Promise<string> {
  const words = await exitCode.then(
    (code) => `exited with code ${code}`,
    (error: Error) => `is gone with its container (${error.message.trim()})`,
  );
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastWordsMs);
  await Promise.race([closed, late]);
  clearTimeout(timer);
  return words;
}
