import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const isWindows = process.platform === "win32";

/**
 * Runs a command with its output in `log`, so that a run that works says nothing and one that fails can be read.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, log: string, env?: NodeJS.ProcessEnv, shell?: boolean, onStart?: (pid: number) => void, stopWith?: NodeJS.Signals }} options
 * @returns {Promise<{ ok: boolean, how: string, output: string }>} `how` tells how it ended: "exited with code 1"
 */
export async function run(command, { cwd, log, env = process.env, shell = false, onStart, stopWith = "SIGTERM" }) {
  mkdirSync(dirname(log), { recursive: true });
  const out = openSync(log, "w");
  const [file = "", ...args] = command;
  try {
    const how = await new Promise((resolve) => {
      // A group of its own, so that what the command itself started ends with it.
      const child = spawn(file, args, { cwd, env, shell, stdio: ["ignore", out, out], detached: !isWindows });
      const stop = () => (isWindows || child.pid === undefined ? child.kill() : process.kill(-child.pid, stopWith));
      process.once("exit", stop);
      child.once("spawn", () => child.pid !== undefined && onStart?.(child.pid));
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) => {
        process.off("exit", stop);
        resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
      });
    });
    return { ok: how === "exited with code 0", how, output: readFileSync(log, "utf8") };
  } finally {
    closeSync(out);
  }
}
