import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
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

test("what cannot be packed is told, and nothing is left behind", async () => {
  await expect(pack([join(folder, "missing")])).rejects.toMatchObject({
    code: "FINWAIT_LAB_FAILED",
    message: expect.stringContaining("missing"),
  });
  expect(await readdir(places)).toEqual([]);
});
