import { lstat, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { FinwaitError } from "../../../model/errors.ts";

/**
 * Folders and files of this machine packed to be unpacked at a container's root. Of the file no name is left: the room it
 * takes is given back when this is disposed, or this process ends, however it does.
 */
export interface Archive extends AsyncDisposable {
  /** A stream of its own for each container. */
  read(): Readable;
}

/** Files that change or go while tar reads them: what it has packed is whole. */
const onlyWarned = 1;

/**
 * Packs absolute paths; `.git` folders are left out. @throws FINWAIT_USAGE for a path that is not there,
 * FINWAIT_LAB_FAILED, with what tar says.
 */
export async function pack(paths: readonly string[]): Promise<Archive> {
  const chosen = await eachOnce(paths);
  const folder = await openFolder();
  const remove = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "copy.tar");
  const relative = chosen.map((path) => path.replace(/^\/+/, ""));
  const options = ["-C", "/", "--exclude=.git", "-cf", file, "--", ...relative];
  try {
    const { exitCode, stderr, shortMessage } = await execa("tar", options, { reject: false, stdin: "ignore" });
    if (exitCode !== 0 && exitCode !== onlyWarned) {
      const why = stderr?.trim() || shortMessage;
      throw new FinwaitError("FINWAIT_LAB_FAILED", `What the host needs could not be packed: ${why}`);
    }
    const handle = await open(file);
    return {
      read: () => handle.createReadStream({ start: 0, autoClose: false }),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } finally {
    await remove();
  }
}

/**
 * Without what is named twice and what lies in a folder that is named too: what tar meets again, it may pack as a hard
 * link of the file to itself, which no engine unpacks.
 */
async function eachOnce(paths: readonly string[]): Promise<readonly string[]> {
  const unique = [...new Set(paths.map((path) => resolve(path)))];
  const kinds = await Promise.all(unique.map(async (path) => [path, await isFolder(path)] as const));
  const within = kinds.filter(([, isFolder]) => isFolder).map(([path]) => (path.endsWith(sep) ? path : path + sep));
  return unique.filter((path) => !within.some((folder) => path !== folder && path.startsWith(folder)));
}

/** Of a link to a folder only the link is packed. @throws FINWAIT_USAGE where nothing is. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FinwaitError("FINWAIT_USAGE", `${path} was to be copied into the host, and cannot be: ${why}.`, {
      cause,
    });
  }
}

async function openFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "finwait-copy-"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FinwaitError(
      "FINWAIT_USAGE",
      `The folder for temporary files, ${tmpdir()}, cannot be written: ${why}. Name another with TMPDIR.`,
      { cause },
    );
  }
}
