import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/build.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // .ci/run counts from the file: what is printed for people may change.
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".finwait/vitest.json" }]] : ["default"],
  },
});
