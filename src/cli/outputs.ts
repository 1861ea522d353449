import { constants } from "node:fs";
import { access, type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { FinwaitError } from "../model/errors.ts";

/** Room kept for a report while the run goes on; a full run of the catalogue stores less. */
const reservedBytes = 48 * 1024 * 1024;

/** A report's place, claimed before the run. Written whole or not at all. */
export interface Output extends AsyncDisposable {
  readonly file: string;
  /** Puts the report in its place. */
  readonly write: (text: string) => Promise<void>;
}

/**
 * Claims the place of a report: a file beside it takes the room on the disk now, so that an unwritable path or a full
 * disk is told before the run and not after it.
 * @throws FINWAIT_USAGE saying which path cannot be written and why.
 */
export async function claimOutput(file: string): Promise<Output> {
  if (file === "") throw new FinwaitError("FINWAIT_USAGE", "A report's file needs a name.");
  try {
    if (!(await isPlace(file))) return await claimStream(file);
    return await claimFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FinwaitError("FINWAIT_USAGE", `The report cannot be written to ${file}: ${why}`, { cause });
  }
}

/** A regular file, or nothing yet; a pipe or a device is written to as it is. */
async function isPlace(file: string): Promise<boolean> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isDirectory()) throw new Error("it is a directory");
  return found === undefined || found.isFile();
}

async function claimFile(file: string): Promise<Output> {
  const partial = `${file}.${process.pid}.partial`;
  const handle = await open(partial, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o644);
  let isOpen = true;
  const abandon = async () => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
    await rm(partial, { force: true });
  };
  try {
    // A file that may not be replaced is found out now.
    await access(file, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await reserve(handle);
  } catch (error) {
    await abandon();
    throw error;
  }
  return {
    file,
    write: written(file, async (text) => {
      const { bytesWritten } = await handle.write(text, 0);
      await handle.truncate(bytesWritten);
      await handle.close();
      isOpen = false;
      await rename(partial, file);
    }),
    [Symbol.asyncDispose]: abandon,
  };
}

/** A place that took the claim and then not the report: a device, or a pipe whose reader has gone. */
function written(file: string, write: (text: string) => Promise<void>): Output["write"] {
  return async (text) => {
    try {
      await write(text);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FinwaitError(
        "FINWAIT_REPORT_LOST",
        `The run is done, but its report could not be written to ${file}: ${why}`,
        { cause },
      );
    }
  };
}

async function reserve(handle: FileHandle): Promise<void> {
  const block = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < reservedBytes; at += block.length) await handle.write(block, 0, block.length, at);
  await handle.datasync();
}

async function claimStream(file: string): Promise<Output> {
  const handle = await open(file, "w");
  return {
    file,
    write: written(file, (text) => handle.writeFile(text)),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
