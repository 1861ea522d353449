import fc from "fast-check";
import { expect, test } from "vitest";
import { tcpStates } from "../../../../src/model/state.ts";
import { parseTraceLine } from "../../../../src/observe/tracepoint/parse.ts";
import { recordedLines } from "./recordings.ts";

/** Reads the line as an event of sound parts, or as nothing. */
function read(line: string): void {
  const event = parseTraceLine(line, 1_000n);
  if (event === undefined) return;
  if (event.kind === "lost") expect(event.events).toBeGreaterThanOrEqual(0);
  else expect(event.atNs).toBeTypeOf("number");
  if (event.kind === "marker") expect(line.endsWith(event.text)).toBe(true);
  if (!("local" in event)) return;
  for (const { address, port } of [event.local, event.peer]) {
    expect(address).toMatch(/^(\*|[0-9a-fA-F.:]+(%.+)?)$/);
    expect(port >= 0 && port <= 65_535 && Number.isInteger(port)).toBe(true);
  }
  if (event.kind === "transition") expect(tcpStates).toEqual(expect.arrayContaining([event.from, event.to]));
}

test("any text is an event or nothing", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), read), { numRuns: 2000 });
});

test("real lines are an event or nothing, wherever they are cut, doubled or overwritten", () => {
  const mutation = fc.record({
    line: fc.constantFrom(...recordedLines),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat({ max: 40 }),
    put: fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("\n", "=", " ", "[", "::ffff:", ...recordedLines)),
  });
  fc.assert(
    fc.property(mutation, ({ line, at, removed, put }) => {
      const start = Math.floor(at * line.length);
      read(line.slice(0, start) + put + line.slice(start + removed));
    }),
    { numRuns: 3000 },
  );
});

test("no name of a process changes what is told, or makes an event of its own", () => {
  const word = fc.constantFrom("-1 ", "[000]", " ", ".", ":", "1.000000", "a: ", "CPU:0", "[LOST 9", " EVENTS]", "\n");
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(word).map((words) => words.join("")),
  );
  fc.assert(
    fc.property(fc.constantFrom(...recordedLines), name, (line, text) => {
      const forged = line.replace(/^.*?(?=-\d+ +\[\d{3}\] [.\w]{5})/, () => text.slice(0, 15));
      const [broken = "", ...rest] = forged.split("\n").toReversed();
      expect(parseTraceLine(broken, 0n)).toEqual(parseTraceLine(line, 0n));
      for (const one of rest) expect(parseTraceLine(one, 0n)).toBeUndefined();
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["digits", `sh-${"1".repeat(500_000)}`],
  ["ends of names", "-1 ".repeat(150_000)],
  ["processors", "-1 [000] ".repeat(50_000)],
  ["blanks", `-1${" ".repeat(500_000)}`],
  ["seconds", `sh-1 [000] ..... ${"1".repeat(500_000)}.000000: a: b`],
  ["fields", `sh-1 [000] ..... 1.000000: inet_sock_set_state: ${"a=b ".repeat(100_000)}`],
])("half a megabyte of %s is read in no time", (_, line) => {
  const began = performance.now();
  read(line);
  expect(performance.now() - began).toBeLessThan(1000);
});
