import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSs } from "../../../../src/observe/ss/parse.ts";

// Built after misc/ss.c, not recorded: what an ss before 7.0 would print for processes and control groups so named.
const rest = "<-> skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0) cubic cwnd:10";
const row = (owners: string, cgroup = "/") =>
  `LISTEN 0      511   127.0.0.1:80    0.0.0.0:*    users:(${owners}) uid:1000 ino:7 sk:5 cgroup:${cgroup} ${rest}`;
const [honest] = parseSs(row('("node",pid=1,fd=21)'));

const name = fc
  .oneof(
    fc.string({ unit: "binary-ascii", maxLength: 15 }),
    fc
      .array(fc.constantFrom('"', "(", ",", '("', '",pid=', "pid=1,", "fd=2", "\n", " ", "a", "sk:9", "users:(("), {
        maxLength: 8,
      })
      .map((pieces) => pieces.join("").slice(0, 15)),
  )
  .filter((text) => !text.includes(")"));

test("no name, and no two names together, can forge a field, an owner or a row", () => {
  fc.assert(
    fc.property(name, name, (first, second) => {
      const line = row(`("${first}",pid=4,fd=5),("${second}",pid=6,fd=7)`);
      expect(parseSs(`${line}\n${row('("node",pid=1,fd=21)')}`)).toEqual([
        {
          ...honest,
          owners: [
            { name: first, pid: 4, fd: 5 },
            { name: second, pid: 6, fd: 7 },
          ],
          line,
        },
        honest,
      ]);
    }),
    { numRuns: 3000 },
  );
});

test("a name that closes a parenthesis, which ss never prints, still cannot forge the cookie", () => {
  const line = row('("x)) sk:bad",pid=4,fd=5)');
  expect(parseSs(line)).toEqual([{ ...honest, owners: [{ name: "x)) sk:bad", pid: 4, fd: 5 }], line }]);
});

test("no control group's name can forge a field or a row", () => {
  const piece = fc.constantFrom(
    " ",
    "a",
    "ino:1",
    "sk:bad",
    "uid:0",
    "<->",
    "---",
    " --> ",
    rest,
    "cgroup:",
    "skmem:(",
    ")",
  );
  const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("")}x`);
  fc.assert(
    fc.property(path, (cgroup) => {
      const line = row('("node",pid=1,fd=21)', cgroup);
      expect(parseSs(line)).toEqual([{ ...honest, cgroup, line }]);
    }),
    { numRuns: 2000 },
  );
});
