import { fileURLToPath } from "node:url";
import type { CallSite } from "../model/leak.ts";

/** A stack as V8 keeps it: cheap to take, costly to put into words, which happens where `stack` is first read. */
export interface Captured {
  readonly stack?: unknown;
}

// What the program may replace later, taken while it is Node's own.
const NodeError = Error;

/** Deep enough for `fetch`, which has 33 frames of Node's own between the program and its socket. */
const frames = 48;
const shown = 8;

/** The stack above a function; `Error.stackTraceLimit` is what it was when this returns. */
export function captureStack(above: (...args: never[]) => unknown): Captured {
  const captured: Captured = {};
  const limit = NodeError.stackTraceLimit;
  NodeError.stackTraceLimit = frames;
  try {
    NodeError.captureStackTrace(captured, above);
  } finally {
    NodeError.stackTraceLimit = limit;
  }
  return captured;
}

/**
 * The innermost place outside Node and node_modules, or outside Node where there is no other; undefined where all is
 * Node's own. The lines of the stack begin with that place. Paths in `folder` are relative to it; source maps count
 * where the process has them enabled.
 */
export function siteIn(captured: Captured, folder: string): Pick<CallSite, "at" | "stack"> | undefined {
  const outside = framesIn(captured, folder);
  const own = outside.findIndex(({ at }) => !/(?:^|[\\/])node_modules[\\/]/.test(at));
  const below = outside.slice(Math.max(own, 0), Math.max(own, 0) + shown);
  return below[0] && { at: below[0].at, stack: below.map(({ name, at }) => (name ? `${name} (${at})` : at)) };
}

/** None of a stack that cannot be put into words: by a program that has locked `Error`, say. */
function framesIn(captured: Captured, folder: string): readonly Frame[] {
  try {
    const lines = textOf(captured).split("\n");
    return lines.map((line) => frameIn(line, folder)).filter((frame) => frame !== undefined);
  } catch {
    return [];
  }
}

/**
 * Node's own words for the stack. The program's `Error.prepareStackTrace` is not asked: it expects errors of the
 * program, and may do with them what it likes.
 */
function textOf(captured: Captured): string {
  const own = Object.getOwnPropertyDescriptor(NodeError, "prepareStackTrace");
  if (own) Object.defineProperty(NodeError, "prepareStackTrace", { value: undefined, configurable: true });
  try {
    return String(captured.stack ?? "");
  } finally {
    if (own) Object.defineProperty(NodeError, "prepareStackTrace", own);
  }
}

interface Frame {
  readonly name: string | undefined;
  readonly at: string;
}

/** A line of a stack: `    at name (place:1:2)`, `    at async name (place:1:2)` or `    at place:1:2`. */
function frameIn(line: string, folder: string): Frame | undefined {
  const text = /^\s+at (.+)$/.exec(line)?.[1]?.replace(/^async /, "");
  const named = text && /^(.*?) \((.+:\d+:\d+)\)$/.exec(text);
  const place = named ? named[2] : text && /^.+:\d+:\d+$/.exec(text)?.[0];
  if (!place || place.startsWith("node:")) return undefined;
  return { name: named ? named[1] : undefined, at: pathIn(place, folder) };
}

function pathIn(place: string, folder: string): string {
  const path = place.startsWith("file://") ? fileURLToPath(place) : place;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}
