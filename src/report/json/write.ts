import type { Run } from "../../model/run.ts";

// One element a line: a fact is then a line to grep for and to diff.
const listed = new Set(["claims", "outcomes", "facts", "verdicts", "cases", "checks"]);

/** A run as JSON text: header, timelines, verdicts, in that order, one fact a line. `readRun` reads it back. */
export function writeRun({ format, header, claims, verdicts, durationMs }: Run): string {
  const ordered = { format, header, claims, verdicts, ...(durationMs === undefined ? {} : { durationMs }) };
  const members = Object.entries(ordered).map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(key, value)}`);
  return `{${members.join(",\n")}}\n`;
}

function jsonOf(key: string, value: unknown): string {
  if (Array.isArray(value) && listed.has(key)) return listOf(value);
  if (!isPlainObject(value) || !Object.keys(value).some((name) => listed.has(name) || name === "claim")) {
    return JSON.stringify(value);
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(name, member)}`).join(",")}}`;
}

function listOf(values: readonly unknown[]): string {
  return values.length === 0 ? "[]" : `[\n${values.map((value) => jsonOf("", value)).join(",\n")}]`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
