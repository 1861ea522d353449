import { access, constants, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Case, Claim } from "../experiment/claim.ts";
import { FinwaitError } from "../model/errors.ts";

/** Takes what was captured of a case; `done` resolves when all of it is on disk. */
export interface PcapFolder {
  readonly add: (claim: Claim, one: Case, files: ReadonlyMap<string, Uint8Array>) => void;
  /** Resolves with how many files there are. @throws FINWAIT_REPORT_LOST when one could not be written. */
  readonly done: () => Promise<number>;
}

/**
 * `--pcap DIR`: a pcap file for every case and host, as `DIR/<topic>/<claim>/<number>-<case>.<host>.pcap`.
 * @throws FINWAIT_USAGE when the folder cannot be made or written to.
 */
export async function pcapFolder(folder: string): Promise<PcapFolder> {
  try {
    await makeFolder(resolve(folder));
    if (!(await stat(folder)).isDirectory()) throw new Error("it is not a directory");
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new FinwaitError("FINWAIT_USAGE", `Captures cannot be written to "${folder}": ${why(cause)}`, { cause });
  }
  const writing: Promise<void>[] = [];
  let failure: unknown;
  const note = (error: unknown) => {
    failure ??= error;
  };
  return {
    add: (claim, one, files) => {
      for (const [host, bytes] of files) {
        writing.push(write(join(folder, pathOf(claim, one, host)), bytes).catch(note));
      }
    },
    done: async () => {
      await Promise.all(writing);
      if (failure === undefined) return writing.length;
      throw new FinwaitError(
        "FINWAIT_REPORT_LOST",
        `The run is done, but a capture could not be written to ${folder}: ${why(failure)}`,
        { cause: failure },
      );
    },
  };
}

/** One folder after the other: asked for all at once, Node never comes back from where none can be made (/proc/x). */
async function makeFolder(folder: string): Promise<void> {
  if (dirname(folder) !== folder && !(await isThere(dirname(folder)))) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

const isThere = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  );

/** A case's name becomes a file's: letters and digits, cut where no one reads on. */
function pathOf(claim: Claim, one: Case, host: string): string {
  const number = String(claim.cases.indexOf(one) + 1).padStart(2, "0");
  const words = (text: string) => text.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^-|-$/g, "");
  return `${claim.address}/${number}-${words(one.name).slice(0, 60)}.${words(host)}.pcap`;
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(file));
  await writeFile(file, bytes);
}

const why = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
