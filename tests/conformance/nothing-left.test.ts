import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { describeOnEveryDriver } from "../support/drivers.ts";

const program = new URL("./open-and-wait.ts", import.meta.url).pathname;

/** Processes of this machine whose command line names the lab's epoch: its agents, and whatever holds their namespaces. */
function processesOf(epoch: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(epoch);
      } catch {
        return false;
      }
    });
}

async function openInAnotherProcess(driver: string, mood: string) {
  const child = spawn(process.execPath, [program, driver, mood], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, ended, epoch: String(line) };
}

describeOnEveryDriver("what a lab leaves behind", (driver) => {
  test.each([
    ["is killed with SIGKILL", "wait", "SIGKILL"],
    ["is interrupted and does not care", "wait", "SIGINT"],
    ["throws while the lab is open", "throw", undefined],
    ["exits while the lab is open", "exit", undefined],
  ] as const)("is nothing, when the harness %s", async (_how, mood, signal) => {
    const { child, ended, epoch } = await openInAnotherProcess(driver, mood);
    if (signal !== undefined) {
      expect(processesOf(epoch).length).toBeGreaterThan(0);
      child.kill(signal);
    }
    expect(epoch).toMatch(/^\d+$/);
    await ended;
    await expect.poll(() => processesOf(epoch), { timeout: 15_000 }).toEqual([]);
  });
});
