import { createRequire } from "node:module";
import type { HelloNotice } from "../protocol/messages.ts";
import { Refusal } from "./refusal.ts";

const require = createRequire(import.meta.url);

export const runtime: HelloNotice["runtime"] = identify();

/** The arguments that make this runtime run a file with everything permitted. */
export function runtimeArguments(file: string): string[] {
  return runtime.name === "deno" ? ["run", "--allow-all", file] : [file];
}

export function unsupported(what: string): Refusal {
  return new Refusal("UNSUPPORTED", `${runtime.name} ${runtime.version} has no ${what}.`);
}

/** Built-in modules that cost milliseconds to load, and are loaded after the hello or when first needed. */
export const builtin = {
  childProcess: (): typeof import("node:child_process") => require("node:child_process"),
  crypto: (): typeof import("node:crypto") => require("node:crypto"),
  http: (): typeof import("node:http") => require("node:http"),
  dgram: (): typeof import("node:dgram") => require("node:dgram"),
};

function identify(): HelloNotice["runtime"] {
  const { bun, deno, node = "" } = process.versions;
  if (bun !== undefined) return { name: "bun", version: bun };
  if (deno !== undefined) return { name: "deno", version: deno };
  return { name: "node", version: node };
}
