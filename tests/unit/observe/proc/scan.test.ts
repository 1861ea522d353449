import fc from "fast-check";
import { expect, test } from "vitest";
import { familyIn, nameFrom, parseSoftNofile, parseStat, socketInode } from "../../../../src/observe/proc/parse.ts";
import { parseFiles, parseScan } from "../../../../src/observe/proc/scan.ts";

const printed = `/proc/7/fd/0 -
/proc/7/fd/3 socket:[4711]
/proc/7/fd/4 socket:[4711]
/proc/8/fd !
/proc/9/fd/0 !
/proc/9/fd/1 !
/proc/10/fd/0 -
/proc/10/fd/5 !
/proc/7/exe node
/proc/7/comm:MainThread
/proc/8/comm:sshd
/proc/9/comm:two
/proc/9/comm:lines
/proc/10/comm:sh
/proc/7/limits:Max open files            1024                 524288               files     
`;

test("a scan tells descriptors, names and limits, and who lets nobody look", () => {
  expect(parseScan(printed)).toEqual([
    {
      pid: 7,
      name: "node",
      open: 3,
      sockets: [
        { fd: 3, inode: 4711 },
        { fd: 4, inode: 4711 },
      ],
      isReadable: true,
      limits: expect.stringContaining("1024"),
    },
    expect.objectContaining({ pid: 10, name: "sh", open: 1, isReadable: true }),
    expect.objectContaining({ pid: 8, name: "sshd", isReadable: false }),
    expect.objectContaining({ pid: 9, name: "two\nlines", isReadable: false }),
  ]);
});

test("a name cannot forge another process's name", () => {
  const forged = "/proc/7/comm:x\n/proc/7/comm:/proc/8/comm:root\n/proc/8/comm:sh\n";
  expect(parseFiles(forged, "comm")).toEqual(
    new Map([
      [7, "x\n/proc/8/comm:root"],
      [8, "sh"],
    ]),
  );
});

test("any text is read, whatever it holds", () => {
  const words = fc.constantFrom(
    "/proc/1/fd/3 ",
    "/proc/1/comm:",
    "socket:[5]",
    "!",
    "-",
    "\n",
    " ",
    "/proc/2/limits:",
    "x",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((all) => all.join("")),
      ),
      (text) => void parseScan(text),
    ),
  );
});

test("a socket's inode is in its link, and in no link that only looks like one", () => {
  expect(socketInode("socket:[4711]")).toBe(4711);
  for (const link of ["/socket:[4711]", "socket:[4711] (deleted)", "socket:[]", "pipe:[4711]", "socket:[-1]", ""]) {
    expect(socketInode(link)).toBeUndefined();
  }
});

const stat = (pid: number, name: string, state: string, parent: number) =>
  `${pid} (${name}) ${state} ${parent} 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0\n`;

test("a stat line is read past whatever name the process took", () => {
  for (const name of ["node", "a b", ") S 1 (", "x)\nZ 9"]) {
    expect(parseStat(stat(42, name, "S", 7))).toEqual({ pid: 42, parent: 7, isZombie: false, startedAt: "987654" });
  }
  expect(parseStat(stat(42, "node", "Z", 7))?.isZombie).toBe(true);
  for (const text of ["", "x", "42", "42 (node)", "42 (node) S"]) expect(parseStat(text)).toBeUndefined();
});

test("a family is the process and all its descendants; a zombie has none and belongs to none", () => {
  const lines: [number, string, number][] = [
    [1, "S", 0],
    [2, "S", 1],
    [3, "S", 2],
    [4, "S", 3],
    [5, "Z", 2],
    [6, "S", 1],
  ];
  const processes = lines.flatMap(([pid, state, parent]) => parseStat(stat(pid, "p", state, parent)) ?? []);
  expect(familyIn(processes, 2)).toEqual([2, 3, 4]);
  expect(familyIn(processes, 5)).toEqual([]);
  expect(familyIn(processes, 99)).toEqual([]);
});

test("the soft limit is the first of the two", () => {
  expect(parseSoftNofile("Max open files            1024                 524288               files")).toBe(1024);
  expect(parseSoftNofile("Max open files            unlimited            unlimited            files")).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(parseSoftNofile("Max processes 5 5 processes")).toBeUndefined();
});

test("Node's main thread is called by its executable's name, and nobody else's", () => {
  expect(nameFrom("MainThread", "/usr/bin/node")).toBe("node");
  expect(nameFrom("MainThread", "/usr/bin/node (deleted)")).toBe("node");
  expect(nameFrom("MainThread", "/usr/bin/python3")).toBe("MainThread");
  expect(nameFrom("my-server", "/usr/bin/node")).toBe("my-server");
});
