import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
let folder: string;

/** A user's project, to which the package was copied as npm would: nothing of its sources or dependencies is beside it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "finwait-types-"));
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "finwait"), { recursive: true });
  await cp(join(root, "package.json"), join(modules, "finwait/package.json"));
  await cp(join(root, "dist"), join(modules, "finwait/dist"), { recursive: true });
  for (const name of ["vitest", "@types"]) await symlink(join(root, "node_modules", name), join(modules, name));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What tsc says of a file of that project, declarations of packages included. */
async function compiled(program: string, module: "NodeNext" | "Preserve"): Promise<string> {
  const compilerOptions = {
    target: "ES2024",
    lib: ["ES2024", "ESNext.Disposable", "DOM"],
    types: ["node"],
    ...(module === "NodeNext" ? { module } : { module, moduleResolution: "bundler" }),
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  await writeFile(join(folder, "program.ts"), program);
  const { stdout } = await execa(join(root, "node_modules/.bin/tsc"), ["-p", folder], { reject: false, cwd: folder });
  return stdout;
}

const good = `
import "finwait/vitest";
import { spawn } from "node:child_process";
import { describeLeaks, findLeaks, openLab, type LeakReport, type TcpState } from "finwait";
import { expect } from "vitest";
const child = spawn(process.execPath, ["server.js"]);
await expect(child).toLeakNoSockets({ grace: 500 });
const report: LeakReport = await findLeaks(child, { graceMs: 500 });
const text: string = describeLeaks(report);
const lab = await openLab();
const { client } = await lab.connect();
const state: TcpState = "FIN-WAIT-2";
await expect(client).not.toReach(state, { within: 100 });
await expect(client).toStayIn("ESTABLISHED", { for: 10 });
export { text };
`;

test.each(["NodeNext", "Preserve"] as const)(
  "a user's program compiles against the built package [%s]",
  async (module) => {
    expect(await compiled(good, module)).toBe("");
  },
);

test("a wrong state does not", async () => {
  const said = await compiled(good.replace('"ESTABLISHED"', '"ESTABLISHD"'), "NodeNext");
  expect(said).toMatch(/^program\.ts\(14,\d+\): error TS2345: .*"ESTABLISHD".* not assignable .*"ESTABLISHED"/);
  expect(said.trim().split("\n")).toHaveLength(1);
});
