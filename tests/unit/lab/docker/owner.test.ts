import { spawn } from "node:child_process";
import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fateOf, formatOwner, lookAtProcess, parseOwner, thisOwner } from "../../../../src/lab/driver/docker/owner.ts";

const here = { boot: "b7a0", pidNamespace: "pid:[4026531836]", pid: 4711, startedAt: "9000" };

describe("the owner of a lab", () => {
  test("is read back from its label as it was written", () => {
    const part = fc.stringMatching(/^[a-z0-9:[\]-]{1,40}$/);
    const owner = fc.record({
      boot: part,
      pidNamespace: part,
      pid: fc.integer({ min: 1, max: 4_194_304 }),
      startedAt: fc.stringMatching(/^[0-9]{0,12}$/),
    });
    fc.assert(
      fc.property(owner, (one) => {
        expect(parseOwner(formatOwner(one))).toEqual(one);
      }),
    );
  });

  test("is nobody when the label is not one of ours", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseOwner(text)).toBeUndefined();
      }),
    );
  });

  test("is dead when its process is gone, or when a later process has its number", () => {
    expect(fateOf(here, here, () => ({ exists: false }))).toBe("dead");
    expect(fateOf(here, here, () => ({ exists: true, startedAt: "9001" }))).toBe("dead");
  });

  test("is alive when its process is there, also where starts cannot be read", () => {
    expect(fateOf(here, here, () => ({ exists: true, startedAt: "9000" }))).toBe("alive");
    expect(fateOf(here, here, () => ({ exists: true, startedAt: "" }))).toBe("alive");
  });

  test("cannot be judged from another boot or PID namespace", () => {
    const gone = () => ({ exists: false }) as const;
    expect(fateOf({ ...here, boot: "other" }, here, gone)).toBe("unknown");
    expect(fateOf({ ...here, pidNamespace: "pid:[1]" }, here, gone)).toBe("unknown");
  });

  test("that is this process lives, and a child that has ended does not", async () => {
    const self = thisOwner();
    expect(fateOf(self, self, lookAtProcess)).toBe("alive");
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    expect(fateOf({ ...self, pid: child.pid ?? 0 }, self, lookAtProcess)).toBe("dead");
  });
});
