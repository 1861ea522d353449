import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { localProc, mayReadDescriptors, networkOf, processStart } from "../../../../src/observe/proc/local.ts";
import { procThrough } from "../../../../src/observe/proc/through.ts";

const run = promisify(execFile);
const readers = [
  ["in this process", localProc],
  ["by programs", procThrough(async (command, args) => (await run(command, [...args])).stdout)],
] as const;

/** Above what the kernel numbers processes to. */
const nobody = 4_194_304;

describe.for(readers)("processes, read %s", ([, reader]) => {
  test("this one's sockets are held by it, and by none that is not looked at", async () => {
    await using server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { holders, unreadable } = await reader.holders([process.pid]);
    expect(unreadable).toEqual([]);
    expect(holders.size).toBeGreaterThan(0);
    for (const found of holders.values()) expect(found.every(({ pid }) => pid === process.pid)).toBe(true);
    const [[inode = 0] = []] = holders;
    const wanted = await reader.holders("all", new Set([inode]));
    expect(wanted.holders.get(inode)).toContainEqual(holders.get(inode)?.[0]);
    expect([...wanted.holders.keys()]).toEqual([inode]);
  });

  test("this one's descriptors are counted against its limit", async () => {
    const [use] = await reader.descriptors([process.pid]);
    expect(use).toMatchObject({ pid: process.pid, process: "node" });
    expect(use?.open).toBeGreaterThan(3);
    expect(use?.limit).toBeGreaterThan(use?.open ?? 0);
  });

  test("its family has it first, and its parent's has it too", async () => {
    expect((await reader.family(process.pid))[0]).toBe(process.pid);
    expect(await reader.family(process.ppid)).toContain(process.pid);
  });

  test("one that does not exist has nothing", async () => {
    expect(await reader.family(nobody)).toEqual([]);
    expect(await reader.descriptors([nobody])).toEqual([]);
    expect(await reader.holders([nobody])).toEqual({ holders: new Map(), unreadable: [] });
    expect(await reader.holders([])).toEqual({ holders: new Map(), unreadable: [] });
  });
});

test("a process whose name is no text of the user's locale is among the others", async () => {
  // A name is cut after 15 bytes, in the middle of a character too. Writing it is the shell's own doing, and no exec's.
  const child = spawn("sh", ["-c", "printf 'na\\303' >/proc/$$/comm; echo; read end"]);
  try {
    await once(child.stdout, "data");
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    const proc = procThrough(async (command, args) => (await run(command, [...args], { env })).stdout);
    const { pid = nobody } = child;
    expect(await proc.family(process.pid)).toContain(pid);
    expect(await proc.descriptors([pid])).toMatchObject([{ pid, process: "na\ufffd" }]);
  } finally {
    child.stdin.end();
  }
});

test("a process is known by its start and its network namespace, one that is gone by neither", () => {
  expect(processStart(process.pid)).toMatch(/^\d+$/);
  expect(networkOf(process.pid)).toMatch(/^net:\[\d+\]$/);
  expect(mayReadDescriptors(process.pid)).toBe(true);
  expect([processStart(nobody), networkOf(nobody), mayReadDescriptors(nobody)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
