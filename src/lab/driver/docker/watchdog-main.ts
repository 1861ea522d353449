import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { labels } from "./labels.ts";

/**
 * The watchdog's own process. It sleeps until its standard input ends, which is the end of the harness, however it came.
 * Had the harness labs open then, their containers and networks are removed; Testcontainers is loaded only for that.
 */
const quietMs = 1_000;
const giveUpMs = 60_000;

const [, , session = ""] = process.argv;
const heard = await text(process.stdin);
const openLabs = Number(heard.trimEnd().split("\n").at(-1) ?? "0");
if (openLabs > 0) await removeSession();

/** The engine may still be making what the harness had asked for: done is when nothing new came to light for a while. */
async function removeSession(): Promise<void> {
  const { removeLabelled } = await import("./leftovers.ts");
  const { getContainerRuntimeClient } = await import("testcontainers");
  const deadline = performance.now() + giveUpMs;
  let quietSince = performance.now();
  while (performance.now() < Math.min(deadline, quietSince + quietMs)) {
    try {
      const engine = (await getContainerRuntimeClient()).container.dockerode;
      const found = await removeLabelled(engine, `${labels.session}=${session}`);
      if (found > 0) quietSince = performance.now();
    } catch {
      // An engine that does not answer now may do so in a moment.
      quietSince = performance.now();
    }
    await pause(200);
  }
}
