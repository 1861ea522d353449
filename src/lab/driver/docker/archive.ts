import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { FinwaitError } from "../../../model/errors.ts";

/** Folders and files of this machine packed to be unpacked at a container's root. The file goes when it is disposed. */
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
  const { exitCode, stderr, shortMessage } = await execa("tar", options, { reject: false, stdin: "ignore" });
  if (exitCode !== 0 && exitCode !== onlyWarned) {
    await remove();
    const why = stderr?.trim() || shortMessage;
    throw new FinwaitError("FINWAIT_LAB_FAILED", `What the host needs could not be packed: ${why}`);
  }
  return { read: () => createReadStream(file), [Symbol.asyncDispose]: remove };
}
