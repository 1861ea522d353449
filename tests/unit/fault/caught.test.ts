import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCaught } from "../../../src/fault/caught.ts";
import { isFinwaitError } from "../../../src/model/errors.ts";

const listing = `table inet finwait_1_0 {
	counter caught {
		packets 3 bytes 180
	}

	set lost {
		type inet_service . inet_service . mark
		size 65535
		flags dynamic
		elements = { 44294 . 8080 . 0xef4509ca counter packets 2 bytes 120,
			     44296 . 8080 . 0x00000000 counter packets 1 bytes 60 }
	}
`;

test("what a loss dropped is read from nft's listing: how many in all, and which by ports and number", () => {
  expect(parseCaught(listing)).toEqual({
    count: 3,
    segments: [
      { sourcePort: 44294, destinationPort: 8080, sequence: 0xef4509ca, count: 2 },
      { sourcePort: 44296, destinationPort: 8080, sequence: 0, count: 1 },
    ],
  });
});

test("a loss that dropped nothing has no segments", () => {
  expect(parseCaught("counter caught {\n packets 0 bytes 0\n}")).toEqual({ count: 0, segments: [] });
});

test("a listing without the counter is an error that shows it", () => {
  expect(() => parseCaught("table inet other { }")).toThrow(/table inet other/);
});

test("any text gives a count or that error", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(parseCaught(text).count).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(isFinwaitError(error, "FINWAIT_COMMAND_FAILED")).toBe(true);
      }
    }),
  );
});
