import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FinwaitError } from "../../../model/errors.ts";
import { session } from "./labels.ts";

let watchdog: ChildProcess | undefined;
let openLabs = 0;

/**
 * Has the watchdog remove this process's labs should it die. One watchdog serves all labs; what is returned says that
 * one lab is gone. The protocol is the number of open labs, a line at each change, and the end of the pipe.
 */
export function watchOver(): () => void {
  openLabs += 1;
  tell();
  let released = false;
  return () => {
    if (released) return;
    released = true;
    openLabs -= 1;
    tell();
  };
}

function tell(): void {
  if (openLabs > 0) watchdog ??= startWatchdog();
  watchdog?.stdin?.write(`${openLabs}\n`);
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [watchdogFile(), session], {
    // A session of its own: Ctrl-C and a closed terminal reach the harness alone.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const forget = () => {
    if (watchdog === child) watchdog = undefined;
  };
  child.once("error", forget).once("exit", forget);
  child.stdin.on("error", forget);
  child.unref();
  return child;
}

/** Built, it lies beside this module's chunk; from source Node runs it as it is. */
function watchdogFile(): string {
  for (const place of ["./docker-watchdog.mjs", "./watchdog-main.ts"]) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new FinwaitError("FINWAIT_LAB_FAILED", "The Docker watchdog is not built: run `npm run build` and try again.");
}
