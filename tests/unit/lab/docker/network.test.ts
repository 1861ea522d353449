import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomV4Subnet, randomV6Subnet, refusalOf } from "../../../../src/lab/driver/docker/network.ts";

const anyBytes = fc.uint8Array({ minLength: 5, maxLength: 5 });

describe("the network of a lab", () => {
  test("has a /64 of a unique local prefix for IPv6", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const [address = "", length] = randomV6Subnet(() => bytes).split("/");
        expect(address).toMatch(/^fd/);
        expect(isIPv6(address)).toBe(true);
        expect(length).toBe("64");
      }),
    );
  });

  test("has, where the engine's pools are used up, a /28 of the range for tests of equipment", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const [address = "", length] = randomV4Subnet(() => bytes).split("/");
        expect(address).toMatch(/^198\.1[89]\./);
        expect(isIPv4(address)).toBe(true);
        expect(Number(address.split(".")[3]) % 16).toBe(0);
        expect(length).toBe("28");
      }),
    );
  });

  test("is tried again with another subnet only when the engine's words say that this helps", () => {
    expect(refusalOf("Pool overlaps with other one on this address space")).toBe("overlap");
    expect(
      refusalOf(
        "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
      ),
    ).toBe("pools used up");
    expect(refusalOf("all predefined address pools have been fully subnetted")).toBe("pools used up");
    expect(refusalOf("failed to check bridge interface existence: numerical result out of range")).toBe("other");
  });
});
