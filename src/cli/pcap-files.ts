import { access, constants, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Case, Claim } from "../experiment/claim.ts";
import { FinwaitError } from "../model/errors.ts";

/** Takes what was captured of a case; `done` resolves when all of it is on disk. */
export interface PcapFolder {
  readonly add: (claim: Claim, one: Case, files: ReadonlyMap<string, Uint8Array>) => void;
  /** @throws FINWAIT_REPORT_LOST when a file could not be written. */
  readonly done: () => Promise<void>;
}

/**
 * `--pcap DIR`: a pcap file for every case and host, as `DIR/<topic>/<claim>/<number>-<case>.<host>.pcap`.
 * @throws FINWAIT_USAGE when the folder cannot be made or written to.
 */
export async function pcapFolder(folder: string): Promise<PcapFolder> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new FinwaitError("FINWAIT_USAGE", `Captures cannot be written to ${folder}: ${why(cause)}`, { cause });
  }
  const writing: Promise<unknown>[] = [];
  return {
    add: (claim, one, files) => {
      for (const [host, bytes] of files) writing.push(write(join(folder, pathOf(claim, one, host)), bytes));
    },
    done: async () => {
      const failed = (await Promise.allSettled(writing)).find(({ status }) => status === "rejected");
      if (failed?.status !== "rejected") return;
      throw new FinwaitError(
        "FINWAIT_REPORT_LOST",
        `The run is done, but a capture could not be written to ${folder}: ${why(failed.reason)}`,
        { cause: failed.reason },
      );
    },
  };
}

/** A case's name becomes a file's: letters and digits, cut where no one reads on. */
function pathOf(claim: Claim, one: Case, host: string): string {
  const number = String(claim.cases.indexOf(one) + 1).padStart(2, "0");
  const words = (text: string) => text.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^-|-$/g, "");
  return `${claim.address}/${number}-${words(one.name).slice(0, 60)}.${words(host)}.pcap`;
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

const why = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
