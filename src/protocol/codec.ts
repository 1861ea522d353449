import { FinwaitError } from "../model/errors.ts";
import { calls } from "./calls.ts";
import type { FromAgent, RemoteError, Request } from "./messages.ts";
import { fits, isCallName, isInteger, isRecord, messageProblem, own, parameterProblem } from "./shapes.ts";

/** The longest line either side reads. Larger than the output of one `run` (64 MiB) with every byte escaped. */
const maxLineBytes = 400 * 1024 * 1024;

/** One message as one line of NDJSON, newline included. */
export function encodeLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}

/** A line without its newline, or what kept one from being read (FINWAIT_PROTOCOL: longer than the limit). */
export type DecodedLine = string | FinwaitError;

/** Turns a stream of bytes, cut anywhere, into lines. Neither method throws, whatever the bytes. */
export interface LineDecoder {
  push(chunk: Uint8Array | string): DecodedLine[];
  /** What is left when the stream ended without a newline. */
  end(): DecodedLine[];
}

const newline = 0x0a;

export function createLineDecoder(maxBytes: number = maxLineBytes): LineDecoder {
  const bytesOf = chunkReader();
  const line = lineAssembly(maxBytes);

  function push(chunk: Uint8Array | string): DecodedLine[] {
    const bytes = bytesOf.read(chunk);
    const lines: DecodedLine[] = [];
    let start = 0;
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, start)) {
      lines.push(...line.add(bytes.subarray(start, at)), ...line.finish());
      start = at + 1;
    }
    // A copy: whoever read the chunk may read the next one into the same memory.
    if (start < bytes.length) lines.push(...line.add(new Uint8Array(bytes.subarray(start))));
    return lines;
  }

  function end(): DecodedLine[] {
    const lines = line.add(bytesOf.rest());
    return line.isEmpty() ? lines : [...lines, ...line.finish()];
  }

  return { push, end };
}

/** A line of input as the agent sees it. `refused` is answered under its id; `malformed` has none to answer. */
export type ParsedRequest =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "refused"; readonly id: number; readonly error: RemoteError }
  | { readonly kind: "malformed"; readonly message: string };

/** Checks one line against the table of calls. Never throws. What it returns holds only what the table names. */
export function parseRequest(line: DecodedLine): ParsedRequest {
  if (typeof line !== "string") return { kind: "malformed", message: line.message };
  const value = parseJson(line);
  if (!isRecord(value)) return { kind: "malformed", message: `no JSON object: ${excerpt(line)}` };
  const id = own(value, "id");
  if (!isInteger(id)) return { kind: "malformed", message: `"id" is no integer: ${excerpt(line)}` };

  const call = own(value, "call");
  if (typeof call !== "string") return refused(id, "UNKNOWN_CALL", `"call" is missing or no text.`);
  if (!isCallName(call)) return refused(id, "UNKNOWN_CALL", `There is no call "${excerpt(call)}".`);
  const process = own(value, "process");
  if (process !== undefined && !fits(process, "name")) return refused(id, "BAD_PARAMETER", `"process" is no name.`);
  const given = own(value, "with") ?? {};
  if (!isRecord(given)) return refused(id, "BAD_PARAMETER", `"with" of ${call} is no object.`);

  const problem = parameterProblem(call, given);
  if (problem !== undefined) return refused(id, "BAD_PARAMETER", problem);
  const parameters = Object.fromEntries(Object.keys(calls[call]).flatMap((name) => entry(given, name)));
  const envelope = { id, call, with: parameters, ...(process === undefined ? {} : { process }) };
  return { kind: "request", request: envelope as Request };
}

/** Checks one line an agent wrote. Throws FINWAIT_PROTOCOL, with the line, when it is no message. */
export function parseFromAgent(line: DecodedLine): FromAgent {
  if (typeof line !== "string") throw line;
  const value = parseJson(line);
  const problem = isRecord(value) ? messageProblem(value) : "it is no JSON object";
  if (problem === undefined) return value as FromAgent;
  throw new FinwaitError(
    "FINWAIT_PROTOCOL",
    `The agent wrote a line that is no message of protocol version 1: ${problem}. Nothing but the agent may write to its stdout. The line: ${excerpt(line)}`,
  );
}

interface LineAssembly {
  /** Gives back the error, once, when the line has grown too long; the rest of it is skipped. */
  add(part: Uint8Array): DecodedLine[];
  finish(): DecodedLine[];
  isEmpty(): boolean;
}

function lineAssembly(maxBytes: number): LineAssembly {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let skipping = false;

  function add(part: Uint8Array): DecodedLine[] {
    if (skipping) return [];
    bytes += part.length;
    skipping = bytes > maxBytes;
    if (skipping) parts = [];
    else parts.push(part);
    return skipping ? [lineTooLong(maxBytes)] : [];
  }

  function finish(): DecodedLine[] {
    const lines = skipping ? [] : [text.decode(joined(parts, bytes))];
    parts = [];
    bytes = 0;
    skipping = false;
    return lines;
  }

  return { add, finish, isEmpty: () => bytes === 0 };
}

/** A string may be cut between the halves of a surrogate pair: the first half waits for the second. */
function chunkReader(): { read(chunk: Uint8Array | string): Uint8Array; rest(): Uint8Array } {
  const encoder = new TextEncoder();
  let half = "";

  function rest(): Uint8Array {
    const bytes = encoder.encode(half);
    half = "";
    return bytes;
  }

  function read(chunk: Uint8Array | string): Uint8Array {
    if (chunk.length === 0) return new Uint8Array();
    if (typeof chunk !== "string") {
      if (half === "") return chunk;
      const before = rest();
      return joined([before, chunk], before.length + chunk.length);
    }
    const whole = half + chunk;
    const cut = /[\uD800-\uDBFF]$/.test(whole) ? whole.length - 1 : whole.length;
    half = whole.slice(cut);
    return encoder.encode(whole.slice(0, cut));
  }

  return { read, rest };
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(bytes);
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}

function lineTooLong(maxBytes: number): FinwaitError {
  return new FinwaitError(
    "FINWAIT_PROTOCOL",
    `A line of the agent protocol is longer than ${maxBytes} bytes; it was skipped up to its newline. Look for output that is no message.`,
  );
}

function refused(id: number, code: string, message: string): ParsedRequest {
  return { kind: "refused", id, error: { code, message } };
}

function entry(given: Record<string, unknown>, name: string): [string, unknown][] {
  return Object.hasOwn(given, name) ? [[name, given[name]]] : [];
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function excerpt(line: string): string {
  return line.length > 300 ? `${line.slice(0, 300)}… (${line.length} characters)` : line;
}
