import { link, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { execa } from "execa";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { pack } from "../../../../src/lab/driver/docker/archive.ts";

const folder = await mkdtemp(join(tmpdir(), "finwait-archive-"));
const places = await mkdtemp(join(tmpdir(), "finwait-archive-"));
// Nobody else's are there.
beforeEach(() => void vi.stubEnv("TMPDIR", places));
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const one of [folder, places]) await rm(one, { recursive: true });
});

test("a folder is packed without .git, for as many readers as there are, and leaves no file behind", async () => {
  await mkdir(join(folder, "app/.git"), { recursive: true });
  await writeFile(join(folder, "app/server.js"), "42");
  await using archive = await pack([join(folder, "app")]);
  expect(await readdir(places)).toEqual([]);
  const [first, second] = await Promise.all([buffer(archive.read()), buffer(archive.read())]);
  expect(second.equals(first)).toBe(true);
  const { stdout } = await execa("tar", ["-t"], { input: first });
  expect(stdout.split("\n").map((name) => name.slice(folder.length))).toEqual(["app/", "app/server.js"]);
  // A reader that nobody takes from does not keep it open.
  archive.read();
});

test("what is named twice, or lies in a folder that is named, is packed once, and never as a link to itself", async () => {
  const inner = join(folder, "twice/node_modules/finwait");
  await mkdir(inner, { recursive: true });
  await writeFile(join(inner, "preload.cjs"), "42");
  // As a package manager leaves it: tar remembers only files that have another name.
  await link(join(inner, "preload.cjs"), join(folder, "in-the-store.cjs"));
  await writeFile(join(folder, "twice-more"), "no part of it, for all its name");
  const paths = ["twice/node_modules/finwait/preload.cjs", "twice", "twice/", "twice-more", "twice/node_modules"];
  await using archive = await pack(paths.map((path) => `${folder}/${path}`));
  const { stdout } = await execa("tar", ["-tv"], { input: await buffer(archive.read()) });
  expect(stdout).not.toContain("link to");
  expect(stdout.split("\n").map((line) => line.slice(line.indexOf(folder.slice(1)) + folder.length))).toEqual([
    ...["twice/", "twice/node_modules/", "twice/node_modules/finwait/", "twice/node_modules/finwait/preload.cjs"],
    "twice-more",
  ]);
});

test("of a link to a folder the link is packed, and what is named behind it besides", async () => {
  await mkdir(join(folder, "real"));
  await writeFile(join(folder, "real/file"), "42");
  await symlink("real", join(folder, "way"));
  await using archive = await pack([join(folder, "way"), join(folder, "way/file")]);
  const { stdout } = await execa("tar", ["-t"], { input: await buffer(archive.read()) });
  expect(stdout.split("\n").map((name) => name.slice(folder.length))).toEqual(["way", "way/file"]);
});

test("without a folder for temporary files it is said which one that is", async () => {
  vi.stubEnv("TMPDIR", join(folder, "nowhere"));
  await expect(pack([folder])).rejects.toMatchObject({
    code: "FINWAIT_USAGE",
    message: expect.stringContaining(`temporary files, ${join(folder, "nowhere")}, cannot be written`),
  });
});

test("what is not there is the caller's mistake, and nothing is left behind", async () => {
  await expect(pack([join(folder, "missing")])).rejects.toMatchObject({
    code: "FINWAIT_USAGE",
    message: expect.stringContaining(join(folder, "missing")),
  });
  expect(await readdir(places)).toEqual([]);
});
