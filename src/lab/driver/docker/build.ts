import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { FinwaitError } from "../../../model/errors.ts";
import { type Engine, reasonOf } from "./engine.ts";
import { labels } from "./labels.ts";

const logLines = 15;

/** The npm package that carries a runtime's binary. */
export interface RuntimePackage {
  readonly name: string;
  readonly version: string;
}

interface Recipe {
  /** A folder with `Dockerfile` and `runtime.tgz`. */
  readonly context: string;
  readonly tag: string;
  readonly runtime: RuntimePackage;
}

/** One line of the engine's answer to a build. */
interface BuildLine {
  readonly stream?: string;
  readonly error?: string;
}

/**
 * Builds through the engine's own API: Testcontainers' builder swallows the log and, when the engine refuses, never ends.
 */
export async function buildImage(engine: Engine, { context, tag, runtime }: Recipe): Promise<void> {
  const log: string[] = [];
  const stages = new Set<string>();
  try {
    const answer = await engine.buildImage(
      { context, src: ["Dockerfile", "runtime.tgz"] },
      { t: tag, rm: true, forcerm: true, labels: { [labels.runtime]: `${runtime.name}@${runtime.version}` } },
    );
    for await (const text of createInterface({ input: Readable.from(answer) })) {
      const line = JSON.parse(text) as BuildLine;
      if (line.error) throw new Error(line.error);
      const [, stage] = /^ ---> ([0-9a-f]{12})\n$/.exec(line.stream ?? "") ?? [];
      if (stage) stages.add(stage);
      if (line.stream?.trim()) log.push(line.stream.trim());
    }
  } catch (error) {
    throw new FinwaitError(
      "FINWAIT_LAB_FAILED",
      `The host image could not be built: ${reasonOf(error)}. ` +
        "Where no registry can be reached, docker/engine.sh makes its base image.\n" +
        log.slice(-logLines).join("\n"),
      { cause: error },
    );
  } finally {
    await removeStages(engine, stages);
  }
}

/** The stage that unpacked the runtime stays behind as an image without a name; only those of this build are touched. */
async function removeStages(engine: Engine, stages: ReadonlySet<string>): Promise<void> {
  if (stages.size === 0) return;
  try {
    const nameless = await engine.listImages({ filters: { dangling: ["true"] } });
    const ours = nameless.filter(({ Id }) => stages.has(Id.replace("sha256:", "").slice(0, 12)));
    await Promise.all(ours.map(({ Id }) => engine.getImage(Id).remove()));
  } catch {
    // Another build may be standing on it; then it is that one's to remove.
  }
}
