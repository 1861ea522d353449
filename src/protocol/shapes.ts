import { type CallName, calls, type ParameterKind } from "./calls.ts";
import type { Notice, SocketEvent } from "./messages.ts";

type FieldKind = "name" | "text" | "count" | "number" | "boolean" | "address" | "runtime" | "event" | "exit" | "signal";
type Fields = Readonly<Record<string, FieldKind | "text?" | "name?">>;

const noticeFields: Record<Notice["notice"], Fields> = {
  hello: { at: "number", process: "name?", protocol: "count", pid: "count", runtime: "runtime" },
  connection: { at: "number", process: "name?", server: "text", socket: "name", local: "address", peer: "address" },
  socket: { at: "number", process: "name?", socket: "name", event: "event" },
  server: { at: "number", process: "name?", server: "name", event: "text", code: "text?" },
  blocked: { at: "number", process: "name?", ms: "number" },
  malformed: { at: "number", message: "text" },
  output: { at: "number", process: "name?", program: "name", stream: "text", base64: "text" },
  programExit: { at: "number", process: "name?", program: "name", exitCode: "exit", signal: "signal" },
  childExit: { at: "number", process: "name", exitCode: "exit", signal: "signal" },
};

const eventFields: Record<SocketEvent["name"], Fields> = {
  connect: { local: "address", peer: "address" },
  data: { bytes: "count", total: "count" },
  written: { total: "count", error: "text?" },
  end: { total: "count", sha256: "text" },
  finish: {},
  drain: {},
  timeout: {},
  error: { code: "text", message: "text" },
  close: { hadError: "boolean", total: "count", sha256: "text" },
};

/** Why an object is no message of an agent; undefined when it is one. */
export function messageProblem(message: Record<string, unknown>): string | undefined {
  const notice = own(message, "notice");
  if (notice === undefined) return replyProblem(message);
  if (typeof notice !== "string" || !Object.hasOwn(noticeFields, notice)) return "its notice is unknown";
  return fieldsProblem(message, noticeFields[notice as Notice["notice"]]);
}

function replyProblem(reply: Record<string, unknown>): string | undefined {
  if (!isInteger(own(reply, "re"))) return `it has neither "notice" nor "re"`;
  const problem = fieldsProblem(reply, { startedAt: "number", at: "number" });
  if (problem !== undefined) return problem;
  if (isRecord(own(reply, "ok"))) return undefined;
  const error = own(reply, "error");
  return isRecord(error) ? fieldsProblem(error, { code: "text", message: "text" }) : `it has neither "ok" nor "error"`;
}

function fieldsProblem(value: Record<string, unknown>, fields: Fields): string | undefined {
  for (const [name, kind] of Object.entries(fields)) {
    if (!fieldFits(own(value, name), kind)) return `"${name}" is missing or wrong`;
  }
  return undefined;
}

function fieldFits(value: unknown, kind: Fields[string]): boolean {
  switch (kind) {
    case "text?":
      return value === undefined || typeof value === "string";
    case "name?":
      return value === undefined || fits(value, "name");
    case "count":
      return fits(value, "integer");
    case "number":
      return typeof value === "number";
    case "exit":
      return value === null || isInteger(value);
    case "signal":
      return value === null || typeof value === "string";
    case "address":
      return isRecord(value) && typeof own(value, "address") === "string" && fits(own(value, "port"), "integer");
    case "runtime":
      return isRecord(value) && typeof own(value, "name") === "string" && typeof own(value, "version") === "string";
    case "event":
      return isRecord(value) && isEvent(value);
    case "name":
    case "text":
    case "boolean":
      return fits(value, kind);
    default:
      return kind satisfies never;
  }
}

function isEvent(event: Record<string, unknown>): boolean {
  const name = own(event, "name");
  if (typeof name !== "string" || !Object.hasOwn(eventFields, name)) return false;
  return fieldsProblem(event, eventFields[name as SocketEvent["name"]]) === undefined;
}

/** Which parameter of a call is missing, ill-typed or unknown; undefined when all are right. */
export function parameterProblem(call: CallName, given: Record<string, unknown>): string | undefined {
  const table: Readonly<Record<string, ParameterKind>> = calls[call];
  for (const [name, kind] of Object.entries(table)) {
    const value = own(given, name);
    if (value === undefined && !kind.endsWith("?")) return `Parameter "${name}" of ${call} is missing.`;
    if (!fits(value, kind)) return `Parameter "${name}" of ${call} is no ${kind.replace("?", "")}.`;
  }
  const extra = Object.keys(given).find((name) => !Object.hasOwn(table, name));
  return extra === undefined ? undefined : `There is no parameter "${extra}" of ${call}.`;
}

export function fits(value: unknown, kind: ParameterKind): boolean {
  switch (kind) {
    case "name":
      return typeof value === "string" && value !== "";
    case "text":
      return typeof value === "string";
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "integer":
      return isInteger(value) && value >= 0;
    case "boolean":
      return typeof value === "boolean";
    case "text?":
      return value === undefined || fits(value, "text");
    case "texts?":
      return value === undefined || fits(value, "texts");
    case "integer?":
      return value === undefined || fits(value, "integer");
    case "boolean?":
      return value === undefined || fits(value, "boolean");
    default:
      return kind satisfies never;
  }
}

export function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

export function isCallName(value: unknown): value is CallName {
  return typeof value === "string" && Object.hasOwn(calls, value);
}

export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
