import { readFile, rm, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

test("the README's program does what the README says", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(program).toContain('from "finwait"');
  // Beside the package's own package.json, "finwait" is the built package itself.
  const file = new URL(`.finwait-readme-${process.pid}.ts`, root);
  await writeFile(file, `${program}\nconsole.log(await server.state());\n`);
  try {
    const { stdout } = await execa(process.execPath, [file.pathname], { cwd: root, timeout: 25_000 });
    expect(stdout).toMatch(/^fault-\d+$/m);
    expect(stdout).toMatch(/state: 'LAST-ACK'/);
  } finally {
    await rm(file);
  }
});
