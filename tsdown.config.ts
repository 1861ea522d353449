import { defineConfig } from "tsdown";

export default defineConfig([
  {
    // The watchdog outlives the harness, to take away what Docker would keep: a program of its own.
    entry: {
      index: "src/index.ts",
      vitest: "src/matchers/vitest.ts",
      cli: "src/cli/bin.ts",
      "docker-watchdog": "src/lab/driver/docker/watchdog-main.ts",
    },
    format: "esm",
    platform: "node",
    target: "node22",
    // Nobody imports the command line.
    dts: { entry: ["src/index.ts", "src/matchers/vitest.ts"] },
    // Dependencies stay imports, so that a command which needs no container never loads Testcontainers.
    deps: { neverBundle: true },
    suppressWarnings: /TypeScript 7\.0 does not yet have a stable API/,
    clean: true,
  },
  {
    // The agent runs inside hosts, on any runtime: one file, nothing to resolve.
    entry: { agent: "src/agent/main.ts" },
    format: "esm",
    platform: "node",
    target: "node18",
    deps: { onlyImport: [] },
    outputOptions: { codeSplitting: false },
    dts: false,
    clean: false,
  },
  {
    // The preload runs inside the user's programs, and may be copied into a container: one file, for --require and
    // one for --import.
    entry: { preload: "src/call-sites/preload.ts" },
    format: ["esm", "cjs"],
    platform: "node",
    target: "node18",
    deps: { onlyImport: [] },
    outputOptions: { codeSplitting: false },
    dts: false,
    clean: false,
  },
]);
