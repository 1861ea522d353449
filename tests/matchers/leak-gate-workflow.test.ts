import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { Project } from "./examples.ts";

const root = join(import.meta.dirname, "../..");
const cli = join(root, "dist/cli.mjs");

const workflow = z
  .strictObject({
    name: z.string(),
    on: z.strictObject({ pull_request: z.null(), push: z.strictObject({ branches: z.array(z.string()) }) }),
    permissions: z.strictObject({ contents: z.literal("read") }),
    jobs: z.record(
      z.string(),
      z.strictObject({
        "runs-on": z.string(),
        "timeout-minutes": z.number(),
        steps: z.array(
          z
            .strictObject({
              name: z.string(),
              uses: z.string().regex(/^[\w-]+\/[\w-]+@v\d+$/),
              with: z.record(z.string(), z.union([z.string(), z.number()])),
              run: z.string(),
              if: z.string(),
            })
            .partial()
            .refine((step) => (step.uses === undefined) !== (step.run === undefined), "either uses or run"),
        ),
      }),
    ),
  })
  .parse(parse(await readFile(join(root, "docs/github-actions/leak-gate.yml"), "utf8")));

const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
/** What stands behind `npx finwait` in the workflow, a command line each. */
const commandLines = steps
  .flatMap(({ run = "" }) => run.split("\n"))
  .flatMap((line) => /^\s*npx finwait (.*)$/.exec(line)?.[1] ?? []);

/** A server in two lines, and its twin that keeps every connection whose client has ended. */
const servers = {
  well: `import { createServer } from "node:http";
    createServer((request, response) => response.end("hello")).listen(3000);`,
  leaky: `import { createServer } from "node:net";
    createServer({ allowHalfOpen: true }, (socket) => socket.resume().on("error", () => {})).listen(3000);`,
};

describe("the leak gate for GitHub Actions", () => {
  test("asks the machine first, then drives the server", () => {
    expect(commandLines.map((line) => line.split(" ")[0])).toEqual(["doctor", "leak"]);
  });

  test("keeps the report that it has written", () => {
    const kept = steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact"));
    expect(kept?.if).toBe("always()");
    expect(commandLines.join("\n")).toContain(`--json ${kept?.with?.path} `);
  });

  test("gives the command line only options that it has", async () => {
    for (const line of commandLines) {
      const [words = ""] = line.split(" -- ");
      const [command = "", ...given] = words.split(" ");
      const { stdout } = await execa(process.execPath, [cli, command, "--help"]);
      const options = given.filter((word) => word.startsWith("-"));
      for (const option of options) expect(stdout).toMatch(new RegExp(`^ {2}(-\\w, )?${option}\\b`, "m"));
    }
  });

  test.each([
    ["well", 0],
    ["leaky", 1],
  ] as const)("run as it stands, a server that is %s ends it with %i", { timeout: 90_000 }, async (server, code) => {
    await using project = await Project.with({ "server.js": servers[server] });
    for (const line of commandLines) {
      // As the runner's shell does: npx finds the project's own finwait.
      await writeFile(
        join(project.folder, "step.sh"),
        `set -e\n${line.replace(/^/, `"${process.execPath}" "${cli}" `)}\n`,
      );
      const { exitCode, all } = await execa("bash", ["step.sh"], { cwd: project.folder, all: true, reject: false });
      expect(exitCode, all).toBe(line.startsWith("leak") ? code : 0);
    }
    const report: unknown = JSON.parse(await readFile(join(project.folder, "leaks.json"), "utf8"));
    expect(report).toBeTypeOf("object");
  });
});
