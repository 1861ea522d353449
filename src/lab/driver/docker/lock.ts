import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { lookAtProcess } from "./owner.ts";

const lookAgainMs = 250;

/**
 * Runs `work` while no other process of this machine runs work of that name. The lock of a process that died is taken
 * over; when two take it over at the same instant both run, so only what may run twice belongs in here.
 */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(tmpdir(), `${name}.lock`);
  while (!(await take(file))) {
    if (await isAbandoned(file)) await rm(file, { force: true });
    else await pause(lookAgainMs);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  // Empty for the moment between making the file and writing to it.
  return pid > 0 && !lookAtProcess(pid).exists;
}
