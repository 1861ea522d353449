import { existsSync } from "node:fs";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CallSites, parseCallSites } from "../../call-sites/read.ts";
import type { DriverName } from "../../lab/driver/driver.ts";
import type { Host } from "../../lab/host.ts";

/** How a Node program is made to record where its sockets come from. */
export interface SiteRecording extends AsyncDisposable {
  /** What goes over the program's environment; nothing where nothing is recorded. */
  readonly env: Readonly<Record<string, string>>;
  /** Files that a host needs for it. */
  readonly bring: readonly string[];
  /** Before the program is started. */
  prepare(host: Host): Promise<void>;
  /** What was recorded by now. */
  read(host: Host): Promise<CallSites>;
}

const inContainer = "/tmp/finwait-call-sites";

/** `given` are the program's own options of Node, which stay. */
export async function recordSites(driver: DriverName, given: string | undefined): Promise<SiteRecording> {
  const preload = preloadFile();
  if (preload === undefined) return nothing;
  const isShared = driver === "netns";
  // Where nothing temporary can be written, the sockets are told without where they come from.
  const folder = isShared ? await openFolder().catch(() => undefined) : inContainer;
  if (folder === undefined) return nothing;
  return {
    env: {
      NODE_OPTIONS: [isShared ? given : undefined, required(preload)].filter(Boolean).join(" "),
      FINWAIT_CALL_SITES: folder,
    },
    bring: [preload],
    prepare: async (host) => {
      await host.run("mkdir", ["-p", folder]);
    },
    // Where they come from is told besides: what the program may have made of the folder breaks nothing.
    read: async (host) => parseCallSites(await host.run("sh", ["-c", printScript, "finwait", folder]).catch(() => "")),
    async [Symbol.asyncDispose]() {
      if (isShared) await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Prints the files of a folder, `$1`, whatever is wrong with it. The latest last, which counts: a port that two processes
 * listened at, one after the other, belongs to the second.
 */
export const printScript = `
cd "$1" && ls -tr | while IFS= read -r file; do
  case $file in *.ndjson) [ -f "$file" ] && cat "./$file" ;; esac
done 2>/dev/null
exit 0
`;

/** Not --import: with that, Node loads the program itself as a module, past the hooks of ts-node and its like. */
function required(preload: string): string {
  return `--require="${preload.replaceAll(/["\\]/g, "\\$&")}"`;
}

const folderName = /^finwait-sites-(\d+)-/;

/** A folder that this process owns by name; those of processes that were killed are taken away. */
async function openFolder(): Promise<string> {
  const names = await readdir(tmpdir());
  const left = names.filter((name) => folderName.test(name) && !isAlive(Number(folderName.exec(name)?.[1])));
  await Promise.allSettled(left.map((name) => removeOwn(join(tmpdir(), name))));
  return await mkdtemp(join(tmpdir(), `finwait-sites-${process.pid}-`));
}

/** Another user's are not ours to take: root could be led by a link in them to take away anything. */
async function removeOwn(folder: string): Promise<void> {
  const { uid } = await lstat(folder);
  if (uid === process.getuid?.()) await rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Nothing is recorded. */
export const nothing: SiteRecording = {
  env: {},
  bring: [],
  prepare: async () => {},
  read: async () => new Map(),
  async [Symbol.asyncDispose]() {},
};

/** The built preload: beside this module once bundled, in dist/ when run from source. */
function preloadFile(): string | undefined {
  return ["./preload.cjs", "../../../dist/preload.cjs"]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((file) => existsSync(file));
}
