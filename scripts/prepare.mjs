/**
 * Makes a fresh checkout ready: locked dependencies, the kernel's tools, dist/. npm runs it before `start` and `test`,
 * on whatever Node the machine has (20 or newer) and before anything is installed: plain JavaScript, no dependencies.
 */
import { build } from "./build.mjs";
import { installDependencies } from "./dependencies.mjs";
import { PreparationError, say } from "./places.mjs";
import { installTools } from "./tools.mjs";

try {
  await installDependencies();
  await installTools();
  await build();
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}

/** @param {unknown} error */
function explain(error) {
  if (error instanceof PreparationError) return error.message;
  const { code, path, stack } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === "ENOSPC" || code === "EDQUOT") return `the disk is full: ${path ?? "nothing more can be written"}`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `${path} may not be written; does this checkout belong to another user?`;
  return `preparation broke: ${stack ?? String(error)}`;
}
