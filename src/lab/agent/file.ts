import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FinwaitError } from "../../model/errors.ts";

/** The built agent: beside this module once bundled, in dist/ when run from source. */
export function agentFile(): string {
  for (const place of ["./agent.mjs", "../../../dist/agent.mjs"]) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new FinwaitError("FINWAIT_LAB_FAILED", "The agent is not built: run `npm run build` and try again.");
}
