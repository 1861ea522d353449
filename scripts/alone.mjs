import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants as system } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PreparationError, say, state } from "./places.mjs";

const lock = join(state, "prepare.lock");
const deadlineMs = 15 * 60_000;

/**
 * Does `work` while no other process prepares this checkout, unless another one made it unnecessary in the meantime.
 *
 * @template T
 * @param {() => boolean} isNeeded asked again once the lock is held
 * @param {(note: (pid: number) => void) => Promise<T>} work `note` names a child that must end before anyone else may begin
 * @returns {Promise<T | undefined>}
 */
export async function alone(isNeeded, work) {
  if (!isNeeded()) return undefined;
  mkdirSync(state, { recursive: true });
  const mine = { token: randomUUID(), processes: [identify(process.pid)] };
  await acquire(mine);
  // An interrupted owner leaves its lock behind: its child may take a moment to end, and the lock names the child.
  const interrupted = /** @param {NodeJS.Signals} signal */ (signal) => process.exit(128 + system.signals[signal]);
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.once(signal, interrupted);
  try {
    if (!isNeeded()) return undefined;
    return await work((pid) => {
      mine.processes.push(identify(pid));
      writeWhole(mine, (file) => renameSync(file, lock));
    });
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    rmSync(lock, { force: true });
  }
}

/**
 * @typedef {{ pid: number, started: string }} Process
 * @typedef {{ token: string, processes: Process[] }} Holder
 * @param {Holder} mine
 */
async function acquire(mine) {
  const deadline = Date.now() + deadlineMs;
  for (let announced = false; ; await delay(50)) {
    // A link appears with its content: no reader ever meets a lock that does not say whose it is.
    if (writeWhole(mine, linkToLock)) return;
    const holder = readHolder();
    if (holder === undefined) continue;
    const alive = holder.processes.find(isAlive);
    if (alive === undefined) {
      removeDead(holder);
      continue;
    }
    if (!announced) say(`process ${alive.pid} is preparing this checkout already; waiting for it`);
    announced = true;
    if (Date.now() > deadline) {
      throw new PreparationError(
        `process ${alive.pid} still holds ${lock}. End it, or remove that file if it is no longer preparing.`,
      );
    }
  }
}

/**
 * Two that find the same dead holder must not both remove it: the slower would remove the lock the faster has just taken.
 *
 * @param {Holder} holder
 */
function removeDead(holder) {
  const claim = `${lock}.${holder.token}`;
  try {
    closeSync(openSync(claim, "wx"));
  } catch {
    // Whoever has the claim needs it for microseconds: an old one belongs to a process that was killed in between.
    if (Date.now() - (statSync(claim, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 10_000)
      rmSync(claim, { force: true });
    return;
  }
  if (readHolder()?.token === holder.token) rmSync(lock, { force: true });
  rmSync(claim, { force: true });
}

/** @param {string} file */
function linkToLock(file) {
  try {
    linkSync(file, lock);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") throw error;
    // Folders shared into virtual machines often know no hard links.
    copyFileSync(file, lock, constants.COPYFILE_EXCL);
  }
}

/**
 * @param {Holder} holder
 * @param {(file: string) => void} place
 */
function writeWhole(holder, place) {
  const file = `${lock}.${holder.token}.new`;
  try {
    writeFileSync(file, JSON.stringify(holder));
    place(file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(file, { force: true });
  }
}

/** @returns {Holder | undefined} */
function readHolder() {
  try {
    return JSON.parse(readFileSync(lock, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    // A lock that cannot be read was not written by `writeWhole`, or the disk was full: nobody can be holding it.
    return { token: "unreadable", processes: [] };
  }
}

/**
 * @param {number} pid
 * @returns {Process}
 */
function identify(pid) {
  return { pid, started: startOf(pid) };
}

/** @param {Process} process_ */
function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPERM") return false;
  }
  return startOf(pid) === started;
}

/**
 * When the process started, in clock ticks since boot: containers reuse low process ids. Empty where there is no /proc.
 *
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may contain anything; field 22 is counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Zombies answer to a signal and do nothing any more.
    return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
