import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const root = join(import.meta.dirname, "../..");

/** The programs of a page, by the name that stands in the first line of each. */
export async function examplesIn(page: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(root, page), "utf8");
  const blocks = [...text.matchAll(/```ts\n(\/\/ (\S+)\n[\s\S]*?)```/g)];
  return new Map(blocks.map(([, program = "", name = ""]) => [name, program]));
}

/** A user's project with these files, where the package and what its examples import is installed. */
export class Project implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async with(files: Readonly<Record<string, string>>): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), "finwait-project-"));
    const modules = join(folder, "node_modules");
    await mkdir(modules);
    for (const name of ["vitest", "testcontainers"])
      await symlink(join(root, "node_modules", name), join(modules, name));
    await symlink(root, join(modules, "finwait"));
    const project = new Project(folder);
    await project.write({ "package.json": '{ "type": "module" }', ...files });
    return project;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.folder, name), text);
  }

  /** Runs one file with vitest, and gives what it printed. */
  async vitest(file: string, env: Readonly<Record<string, string>> = {}): Promise<{ ok: boolean; output: string }> {
    return await this.run([join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", this.folder, file], env);
  }

  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ ok: boolean; output: string }> {
    const { all, exitCode } = await execa(process.execPath, args, {
      cwd: this.folder,
      env: { NO_COLOR: "1", FORCE_COLOR: undefined, CI: "", ...env },
      all: true,
      reject: false,
      timeout: 100_000,
    });
    return { ok: exitCode === 0, output: all };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
