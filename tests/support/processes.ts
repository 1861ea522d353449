import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** Every process of this machine that can be read. One that ends meanwhile is left out. */
function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, "utf8");
        const parent = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
        const commandLine = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), parent, commandLine }];
      } catch {
        return [];
      }
    });
}

/** A process's children, and theirs. */
function familyOf(pid: number): Process[] {
  const all = processes();
  const of = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...of(one.pid)]);
  return of(pid);
}

export function childrenOf(pid: number): number[] {
  return familyOf(pid).map((one) => one.pid);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The agents of the lab whose command line has `mark` in it, as soon as they are there. */
export async function agentsOf(pid: number, mark: string): Promise<number[]> {
  const find = () => {
    const family = familyOf(pid);
    const lab = family.find((one) => one.commandLine.includes(mark) && one.commandLine.includes("unshare"));
    return lab === undefined ? [] : familyOf(lab.pid).filter((one) => /agent\.mjs --epoch/.test(one.commandLine));
  };
  await expect.poll(() => find().length, { timeout: 30_000 }).toBe(2);
  return find().map((one) => one.pid);
}
