import type { RemoteError } from "../protocol/messages.ts";

/** Thrown by a call the agent itself turns down; everything else thrown is the runtime's own error. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

/** Any error as it travels: Node's code where there is one, else the error's name. */
export function remoteError(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { code: "ERROR", message: String(error) };
  return { code: codeOf(error), message: error.message };
}

export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
