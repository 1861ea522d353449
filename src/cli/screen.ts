import { createLogUpdate } from "log-update";
import { colours, type Paint, plain } from "../report/paint.ts";

/** Where people read: lines that stay, and on a terminal one status line beneath them that does not. */
export interface Screen {
  readonly columns: number;
  readonly paint: Paint;
  /** Prints lines that stay. */
  readonly print: (text: string) => void;
  /** Shows what is going on; nothing in a pipe or in CI. */
  readonly status: (text: string) => void;
  /** Takes the status line away. */
  readonly done: () => void;
}

const defaultColumns = 100;

/** The screen of a stream: live on a terminal, plain lines elsewhere. NO_COLOR and FORCE_COLOR are followed. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  const isLive = stream.isTTY && !process.env.CI;
  const live = isLive ? createLogUpdate(stream) : undefined;
  let status = "";
  return {
    columns: stream.columns ?? (Number(process.env.COLUMNS) || defaultColumns),
    paint: wantsColours(stream) ? colours : plain,
    print: (text) => {
      live?.clear();
      stream.write(`${text}\n`);
      if (status !== "") live?.(status);
    },
    status: (text) => {
      status = text;
      live?.(text);
    },
    done: () => {
      status = "";
      live?.clear();
      live?.done();
    },
  };
}

/** https://no-color.org: any value but the empty one. */
function wantsColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return stream.isTTY && TERM !== "dumb";
}
