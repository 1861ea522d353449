import fc from "fast-check";
import { expect, test } from "vitest";
import { createTail } from "../../../../src/lab/driver/docker/tail.ts";

test("the tail of stderr is its last twenty lines, however the bytes were cut", () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}: ⚙ größer`);
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), (size) => {
      const tail = createTail();
      for (let offset = 0; offset < bytes.length; offset += size) tail.push(bytes.subarray(offset, offset + size));
      expect(tail.text()).toBe(lines.slice(-20).join("\n"));
    }),
  );
});

test("the tail stays small when a line never ends", () => {
  const tail = createTail();
  for (let round = 0; round < 100; round++) tail.push(Buffer.alloc(10_000, "x"));
  expect(tail.text().length).toBeLessThan(20_000);
});
