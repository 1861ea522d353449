import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alone } from "./alone.mjs";
import { PreparationError, pinnedNode, root, say, state } from "./places.mjs";
import { run } from "./run.mjs";

const sources = ["src", "tsdown.config.ts", "package.json", "tsconfig.json", "package-lock.json"];
const entries = [
  "index.mjs",
  "index.d.mts",
  "vitest.mjs",
  "vitest.d.mts",
  "cli.mjs",
  "agent.mjs",
  "preload.mjs",
  "preload.cjs",
];
const dist = join(root, "dist");
const fresh = join(state, "dist");
const record = join(state, "build.json");
const log = join(state, "build.log");

/** Makes dist/ what the sources say; does nothing when it already is. */
export async function build() {
  await alone(() => !isCurrent(), bundle);
}

/** Contents decide, not dates: a checkout, a branch switch or a build by hand changes dates and outputs in any order. */
function isCurrent() {
  if (!existsSync(record)) return false;
  try {
    const known = JSON.parse(readFileSync(record, "utf8"));
    return known.sources === hashOf(root, sources) && known.outputs === hashOf(dist, ["."]);
  } catch {
    return false;
  }
}

/** @param {(pid: number) => void} note */
async function bundle(note) {
  say("building dist/");
  // Before the build: a source that is saved while it runs must make the next one necessary.
  const from = hashOf(root, sources);
  rmSync(fresh, { recursive: true, force: true });
  const tsdown = join(root, "node_modules", "tsdown", "dist", "run.mjs");
  const { ok, how, output } = await run([pinnedNode(), tsdown, "--out-dir", fresh], { cwd: root, log, onStart: note });
  if (!ok) throw new PreparationError(`the build ${how}:\n${output.trimEnd()}`);
  const absent = entries.filter((file) => !existsSync(join(fresh, file)));
  if (absent.length > 0)
    throw new PreparationError(`the build made no ${absent.join(", ")}; see ${log} and tsdown.config.ts`);
  replace();
  writeFileSync(record, JSON.stringify({ sources: from, outputs: hashOf(dist, ["."]) }));
}

/** Built aside and moved in whole, so that nobody meets half of dist/ and a failed build leaves the last good one. */
function replace() {
  const old = join(state, "dist.old");
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @param {readonly string[]} names files and folders in it; one that does not exist counts as empty
 */
function hashOf(folder, names) {
  const hash = createHash("sha256");
  for (const name of names)
    for (const file of filesBelow(folder, name))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(folder, file)))
        .update("\0");
  return hash.digest("hex");
}

/**
 * @param {string} folder
 * @param {string} name
 * @returns {string[]}
 */
function filesBelow(folder, name) {
  const place = join(folder, name);
  if (!existsSync(place)) return [];
  try {
    return readdirSync(place, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) =>
        entry.isDirectory() ? filesBelow(folder, join(name, entry.name)) : [join(name, entry.name)],
      );
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return [name];
    throw error;
  }
}
