import fc from "fast-check";
import { expect, test } from "vitest";
import { FinwaitError } from "../../../../src/model/errors.ts";
import { parseSs } from "../../../../src/observe/ss/parse.ts";
import { recording, versions } from "./recordings.ts";

const lines = versions.flatMap((version) => parseSs(recording(version).owned).map((row) => row.line));

/** Reads the text, or fails in the one way that is allowed. */
function read(text: string): void {
  try {
    const rows = parseSs(text);
    for (const row of rows) expect(text).toContain(row.line);
    if (text.trim() !== "") expect(rows.length).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof FinwaitError)) throw error;
    expect(error.code).toBe("FINWAIT_SS_UNREADABLE");
    const named = text.split("\n").some((line) => line.trim() !== "" && error.message.includes(line));
    expect(named).toBe(true);
  }
}

test("any text is read, or refused with the line it stumbled over", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), read), { numRuns: 2000 });
});

test("any bytes are read or refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => read(Buffer.from(bytes).toString("utf8"))));
});

test("words of ss in any order are read or refused", () => {
  const word = fc.constantFrom(
    ...[
      "ESTAB",
      "UNCONN",
      "0",
      "1",
      "*:*",
      "[::1]:80",
      "timer:(on,,0)",
      "timer:(",
      "users:((",
      'users:(("a",pid=1,fd=2))',
    ],
    ...[
      " ",
      "\n",
      "ino:1",
      "sk:f",
      "sk:",
      "cgroup:",
      "cgroup:/",
      "<->",
      "---",
      "v6only:1",
      "skmem:()",
      "send",
      "cipher:",
    ],
    ...["skmem:(r0,rb1,t0,tb1,f0,w0,o0,bl0,d0)", "skmem:(r0,rb1,t0,tb1,f0,w0,o0)", "__proto__:1", "__proto__"],
  );
  const row = fc.array(word, { maxLength: 12 }).map((words) => ["ESTAB 0 0 *:1 *:2", ...words].join(" "));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 3 }), (rows) => read(rows.join("\n"))),
    { numRuns: 2000 },
  );
});

test("real lines are read or refused, wherever they are cut, doubled or overwritten", () => {
  const mutation = fc.record({
    line: fc.constantFrom(...lines),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat({ max: 40 }),
    put: fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("\n", '"', ")", "((", " ", ...lines)),
  });
  const mutate = ({ line, at, removed, put }: { line: string; at: number; removed: number; put: string }) => {
    const start = Math.floor(at * line.length);
    return line.slice(0, start) + put + line.slice(start + removed);
  };
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 3 }), (all) => read(all.map(mutate).join("\n"))),
    { numRuns: 3000 },
  );
});

test("rows that are read survive JSON unchanged", () => {
  const rows = parseSs(lines.join("\n"));
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
});

const start = "LISTEN 0 0 *:1 *:* users:((";
test.each([
  ["quotes", start + '"'.repeat(300_000)],
  ["ends of names", start + '"",pid='.repeat(100_000)],
  ["parentheses", start + '")'.repeat(150_000)],
  ["owners", start + '"",pid=1,fd=1),('.repeat(30_000)],
  ["blanks", " ".repeat(500_000)],
  ["blanks in a row", `LISTEN 0 0 *:1 *:*${" ".repeat(500_000)}x`],
  ["digits", `LISTEN ${"9".repeat(500_000)}`],
  ["a timer of digits", `LISTEN 0 0 *:1 *:* timer:(on,${"9".repeat(500_000)},0)`],
  ["marks in a control group", `LISTEN 0 0 *:1 *:* cgroup:/${" <->".repeat(100_000)}`],
  ["colons", `LISTEN 0 0 ${":".repeat(500_000)} *:*`],
  ["lines", "LISTEN 0 0 *:1 *:*\n".repeat(20_000)],
])("half a megabyte of %s is read or refused in no time", (_, text) => {
  const began = performance.now();
  try {
    parseSs(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FinwaitError);
  }
  expect(performance.now() - began).toBeLessThan(1000);
});
