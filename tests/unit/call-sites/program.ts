import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type CallSites, parseCallSites } from "../../../src/call-sites/read.ts";
import { printScript } from "../../../src/leak/gate/sites.ts";

const preload = join(import.meta.dirname, "../../../dist/preload");

export interface Ended {
  readonly code: number | null;
  /** The lines printed. */
  readonly printed: readonly string[];
  readonly complaints: string;
  readonly sites: CallSites;
}

export interface Program {
  /** By file name; the first is started. */
  readonly files: Readonly<Record<string, string>>;
  /** What Node is told before the program's name. */
  readonly flags?: readonly string[];
  readonly how?: "--require" | "--import";
  /** Where the sites go; a folder of its own unless told, and nowhere if empty. */
  readonly folder?: string;
}

/** Runs a program under the built preload, until it ends by itself. */
export async function run({ files, flags = [], how = "--require", folder }: Program): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), "finwait-call-sites-"));
  const sites = folder ?? (await mkdtemp(join(tmpdir(), "finwait-sites-")));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
    const env = {
      ...process.env,
      NODE_OPTIONS: `${how}=${preload}.${how === "--require" ? "cjs" : "mjs"}`,
      FINWAIT_CALL_SITES: sites,
    };
    const [first = ""] = Object.keys(files);
    return { ...(await start([...flags, first], home, env)), sites: await sitesIn(sites || home) };
  } finally {
    await rm(home, { recursive: true });
    await rm(sites || home, { recursive: true, force: true }).catch(() => {});
  }
}

/** What was written to a folder, read as the gate reads it. */
export async function sitesIn(folder: string): Promise<CallSites> {
  const { stdout } = await promisify(execFile)("sh", ["-c", printScript, "finwait", folder]);
  return parseCallSites(stdout);
}

function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Omit<Ended, "sites">> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd, env, timeout: 20_000 }, (_, printed, complaints) =>
      resolve({ code: child.exitCode, printed: printed.split("\n").filter(Boolean), complaints }),
    );
  });
}

/** Where a mark stands in a text, as a stack names it: the place behind the mark. */
export function placeOf(mark: string, name: string, text: string): string {
  const before = text.slice(0, text.indexOf(mark) + mark.length).split("\n");
  return `${name}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** For a program: ends it once a text stands in what was written of it, or fails after ten seconds. */
export const untilWritten = `function untilWritten(text, then = process.exit, left = 1000) {
  const file = process.env.FINWAIT_CALL_SITES + "/" + process.pid + ".ndjson";
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  if (existsSync(file) && readFileSync(file, "utf8").includes(text)) return then();
  if (left === 0) throw new Error("no " + text + " in " + file);
  setTimeout(untilWritten, 10, text, then, left - 1);
}`;
