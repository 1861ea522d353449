import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { alone } from "./alone.mjs";
import { PreparationError, pathOutsideProject, root, say, state } from "./places.mjs";
import { run } from "./run.mjs";

const modules = join(root, "node_modules");
const unfinished = join(state, "installing");
const log = join(state, "npm-ci.log");
const localNode = join(modules, ".bin", "node");

/** Installs exactly what package-lock.json names, when node_modules holds anything else. */
export async function installDependencies() {
  await alone(() => whatIsWrong() !== undefined, install);
}

/**
 * npm writes node_modules/.package-lock.json last, so it tells what a finished installation put there, ours or the user's own.
 *
 * @returns {string | undefined}
 */
function whatIsWrong() {
  if (existsSync(unfinished)) return "the last installation did not finish";
  const installed = packagesIn(join(modules, ".package-lock.json"));
  if (installed === undefined) return existsSync(modules) ? "node_modules is incomplete" : "node_modules is missing";
  const locked = packagesIn(join(root, "package-lock.json"));
  if (locked === undefined)
    throw new PreparationError("package-lock.json cannot be read: restore it with git checkout package-lock.json");
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === "") continue;
    const found = installed[path];
    // An optional package is missing where it is made for another system.
    if (found === undefined && wanted.optional) continue;
    if (found?.version !== wanted.version || found?.integrity !== wanted.integrity) return "package-lock.json changed";
    if (!existsSync(join(root, path, "package.json"))) return `${path} is missing`;
  }
  if (!existsSync(localNode)) return "node_modules/.bin/node is missing";
  return undefined;
}

/** @param {(pid: number) => void} note */
async function install(note) {
  say(`installing the locked dependencies with npm ci (${whatIsWrong()})`);
  const begun = Date.now();
  writeFileSync(unfinished, "");
  const env = environment();
  // Development dependencies are needed whatever NODE_ENV says: the compiler and the pinned Node are among them.
  const command = [...npm(env.PATH ?? ""), "ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const { ok, how, output } = await run(command, {
    cwd: root,
    log,
    env,
    shell: command[0] === "npm" && isWindows,
    onStart: note,
    // npm finishes what it does before it heeds SIGTERM; the mark makes a half-done installation harmless.
    stopWith: "SIGKILL",
  });
  if (!ok) throw new PreparationError(`npm ci ${how}: ${causeIn(output)}. The whole output is in ${log}`);
  if (!runs(localNode)) await fetchPinnedNode(env, note);
  rmSync(unfinished, { force: true });
  const wrong = whatIsWrong();
  if (wrong !== undefined) throw new PreparationError(`npm ci ended well, yet ${wrong}. Its output is in ${log}`);
  say(`dependencies installed in ${Math.round((Date.now() - begun) / 1000)} s`);
}

/**
 * The `node` package fetches its binary in an install script, which `ignore-scripts` in the user's npm configuration skips.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {(pid: number) => void} note
 */
async function fetchPinnedNode(env, note) {
  const command = [...npm(env.PATH ?? ""), "rebuild", "node", "--ignore-scripts=false"];
  const shell = command[0] === "npm" && isWindows;
  const { how, output } = await run(command, {
    cwd: root,
    log: join(state, "npm-rebuild.log"),
    env,
    shell,
    onStart: note,
    // npm finishes what it does before it heeds SIGTERM; the mark makes a half-done installation harmless.
    stopWith: "SIGKILL",
  });
  if (!runs(localNode))
    throw new PreparationError(`the pinned Node does not run, npm rebuild node ${how}: ${causeIn(output)}`);
}

const isWindows = process.platform === "win32";

/** npm's own variables would make a nested npm believe that it is the script which started us. */
function environment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^npm_(lifecycle|package|command)/.test(name)) delete env[name];
  env.PATH = pathOutsideProject(process.env.PATH ?? "");
  return env;
}

/**
 * The npm that runs us, on a Node that `npm ci` does not delete.
 *
 * @param {string} path
 */
function npm(path) {
  const script = process.env.npm_execpath;
  if (script === undefined || !script.endsWith("npm-cli.js")) return ["npm"];
  const isOurs = process.execPath.startsWith(modules);
  return [isOurs ? (firstIn(path, isWindows ? "node.exe" : "node") ?? process.execPath) : process.execPath, script];
}

/**
 * @param {string} path
 * @param {string} file
 */
function firstIn(path, file) {
  return path
    .split(delimiter)
    .map((folder) => join(folder, file))
    .find((candidate) => existsSync(candidate));
}

/** @param {string} file */
function runs(file) {
  try {
    execFileSync(file, ["--version"], { stdio: "ignore", shell: isWindows });
    return true;
  } catch {
    return false;
  }
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} Package
 * @param {string} file
 * @returns {Record<string, Package> | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

const causes = /** @type {const} */ ([
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EACCES", "a file may not be written, which happens when node_modules belongs to another user"],
  ["EPERM", "a file may not be written, which happens when node_modules belongs to another user"],
  ["EROFS", "the file system is read-only"],
  ["EUSAGE", "package.json and package-lock.json disagree; run npm install and commit the lock"],
  ["EINTEGRITY", "a package is not what package-lock.json says it is"],
  ["E404", "the registry does not have a locked package"],
  ["ETARGET", "the registry does not have a locked version"],
  ["ENOTFOUND", "the package registry could not be reached; this machine seems to be offline"],
  ["EAI_AGAIN", "the package registry could not be reached; this machine seems to be offline"],
  ["ECONNREFUSED", "the package registry could not be reached; this machine seems to be offline"],
  ["ENETUNREACH", "the package registry could not be reached; this machine seems to be offline"],
  ["ETIMEDOUT", "the package registry did not answer in time"],
  ["ENOENT", "a file is missing, perhaps npm itself"],
]);

/** @param {string} output */
function causeIn(output) {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? output;
  const known = causes.find(([name]) => code.includes(name));
  if (known !== undefined) return known[1];
  const complaint = output.split("\n").filter((line) => /^npm (error|ERR!)|error/i.test(line));
  return (complaint.at(-1) ?? output.trim().split("\n").at(-1) ?? "").trim() || "it said nothing";
}
