import { resolve } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers";
import { threadId } from "node:worker_threads";
import { Clients } from "./clients.ts";
import { Listeners } from "./listeners.ts";
import { callSiteLines, makeFolder, writeWhole } from "./write.ts";

/**
 * Loaded into a user's program before it starts (`node --require …/preload.cjs server.js`, or NODE_OPTIONS): writes to
 * the folder that FINWAIT_CALL_SITES names, for every process and worker thread a file, where the sockets came from
 * that it has open. The program must not notice: nothing is printed or thrown, nothing of its own is changed, and it
 * ends when it would have ended. Without the variable nothing is done.
 *
 * `--require` is the better way: with `--import` Node loads the program itself as a module, and one that is started by
 * `-r ts-node/register` is then refused (ERR_UNKNOWN_FILE_EXTENSION; seen from Node 18 to 26). Both may be given.
 */
const everyMs = 500;
/** The timer waits so many times as long as its work took, up to a bound: a fiftieth of the processor, while there is much to do. */
const rests = 50;
const restsMs = 5_000;
const sweepMs = 10;
const exitMs = 200;
const retryMs = 5_000;

// Before a test of the program may put another in its place.
const later = setTimeout;
const loaded = Symbol.for("finwait.call-sites");
const folder = process.env.FINWAIT_CALL_SITES;
if (folder && !(loaded in globalThis)) {
  // Once, though finwait and the user's own command line may both ask for it, from two places.
  Object.defineProperty(globalThis, loaded, { value: true });
  try {
    record(resolve(folder));
  } catch {
    // Not this Node, then: no sites.
  }
}

function record(target: string): void {
  const nowMs = performance.now.bind(performance);
  const usage = process.cpuUsage.bind(process);
  const spentMs = (): number => {
    const { user, system } = usage();
    return (user + system) / 1_000;
  };
  const here = process.cwd();
  const name = threadId === 0 ? `${process.pid}.ndjson` : `${process.pid}.${threadId}.ndjson`;
  const listeners = new Listeners(here);
  const clients = new Clients({ sockets: 10_000, stacks: 1_000, youngMs: everyMs, folder: here, nowMs, spentMs });
  let unwritten = false;
  makeFolder(target);

  const write = (changed: boolean): void => {
    unwritten ||= changed;
    if (unwritten) unwritten = !writeWhole(target, name, callSiteLines([...clients.known(), ...listeners.known()]));
  };
  const look = (): void => {
    const begunMs = spentMs();
    try {
      const opened = clients.sweep(sweepMs);
      write(listeners.sweep() || opened);
    } catch {
      // Tried again.
    }
    const restMs = Math.min(rests * (spentMs() - begunMs), restsMs);
    later(look, Math.max(unwritten ? retryMs : everyMs, restMs)).unref();
  };
  later(look, everyMs).unref();
  atExit(() => {
    const opened = clients.sweep(exitMs, 0);
    write(listeners.sweep() || opened);
  });
}

/** Node warns of many listeners: the program may have as many of its own as before. */
function atExit(action: () => void): void {
  const most = process.getMaxListeners();
  if (most > 0) process.setMaxListeners(most + 1);
  process.on("exit", () => {
    try {
      action();
    } catch {
      // The program ends as it would have.
    }
  });
}
