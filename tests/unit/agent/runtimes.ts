import { existsSync } from "node:fs";
import { basename } from "node:path";

/** A runtime the agent is tried on. */
export interface Runtime {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Why it is left out. */
  readonly missing?: string;
}

/**
 * The Node that runs the tests, and those in FINWAIT_RUNTIMES: `bun=/path/to/bun,node18=/path/to/node`. A name that begins
 * with `deno` gets Deno's arguments.
 */
export function runtimesUnderTest(): Runtime[] {
  const listed = (process.env.FINWAIT_RUNTIMES ?? "").split(",").filter((entry) => entry !== "");
  return [{ name: `node ${process.versions.node}`, command: [process.execPath] }, ...listed.map(parse)];
}

function parse(entry: string): Runtime {
  const cut = entry.indexOf("=");
  const path = entry.slice(cut + 1);
  const name = cut === -1 ? basename(path) : entry.slice(0, cut);
  const command: [string, ...string[]] = name.startsWith("deno") ? [path, "run", "--allow-all"] : [path];
  return existsSync(path) ? { name, command } : { name, command, missing: `${path} does not exist` };
}
