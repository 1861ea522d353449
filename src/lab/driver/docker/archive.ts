import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Packs absolute paths; `.git` folders are left out. @throws FINWAIT_LAB_FAILED, with what tar says. */
export async function pack(paths: readonly string[]): Promise<Archive> {
  const folder = await mkdtemp(join(tmpdir(), "finwait-copy-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "copy.tar");
  const relative = paths.map((path) => path.replace(/^\/+/, ""));
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
