import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alone } from "../../../../src/lab/driver/docker/lock.ts";

test("work of one name never overlaps, also when it fails", async () => {
  const name = `finwait-test-${randomUUID()}`;
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    throw new Error("as agreed");
  };
  const results = await Promise.allSettled([alone(name, work), alone(name, work), alone(name, work)]);
  expect(results.map((result) => result.status === "rejected" && result.reason.message)).toEqual(
    results.map(() => "as agreed"),
  );
});

test("the lock of a process that died is taken over", async () => {
  const name = `finwait-test-${randomUUID()}`;
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  await writeFile(join(tmpdir(), `${name}.lock`), String(child.pid));
  expect(await alone(name, async () => "done")).toBe("done");
});
