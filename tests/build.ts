import type { TestProject } from "vitest/node";
import { build } from "../scripts/build.mjs";

/** Whoever starts vitest, the agent the tests put into hosts is the one in src/. */
export async function setup(project: TestProject): Promise<void> {
  await build();
  project.onTestsRerun(build);
}
