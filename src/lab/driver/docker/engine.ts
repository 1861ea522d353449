import type { ContainerRuntimeClient } from "testcontainers";

/** The engine's API as Testcontainers connects to it. */
export type Engine = ContainerRuntimeClient["container"]["dockerode"];

/** The HTTP status the engine refused with; undefined for anything else. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** The engine's own words, without the HTTP wrapping. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
}
