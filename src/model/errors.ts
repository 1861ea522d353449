/** Every code is explained in docs/errors.md; a test holds the two lists together. */
export type ErrorCode =
  | "FINWAIT_AGENT_EXITED"
  | "FINWAIT_AGENT_TIMEOUT"
  | "FINWAIT_CALL_FAILED"
  | "FINWAIT_CAPABILITY_MISSING"
  | "FINWAIT_CAPTURE_UNREADABLE"
  | "FINWAIT_COMMAND_FAILED"
  | "FINWAIT_CONNECT_FAILED"
  | "FINWAIT_DEADLINE_MISSED"
  | "FINWAIT_IMPOSSIBLE_TRANSITION"
  | "FINWAIT_LAB_CLOSED"
  | "FINWAIT_LAB_FAILED"
  | "FINWAIT_NOT_SILENT"
  | "FINWAIT_PROTOCOL"
  | "FINWAIT_QUESTION_FAILED"
  | "FINWAIT_REPORT_LOST"
  | "FINWAIT_SS_UNREADABLE"
  | "FINWAIT_SUBJECT_FAILED"
  | "FINWAIT_SUBJECT_GONE"
  | "FINWAIT_UNEXPECTED"
  | "FINWAIT_USAGE";

/** An error of the harness, never a verdict. `code` is stable; the message says what happened, to whom, and what to do next. */
export class FinwaitError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FinwaitError";
    this.code = code;
  }
}

/** Whether an error is finwait's own; with `code`, whether it is that one. */
export function isFinwaitError(error: unknown, code?: ErrorCode): error is FinwaitError {
  return error instanceof FinwaitError && (code === undefined || error.code === code);
}
