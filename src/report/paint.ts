import { styleText } from "node:util";

type Brush = (text: string) => string;

/** How to colour text: handed to the reports, so that they stay text in, text out. */
export interface Paint {
  readonly green: Brush;
  readonly red: Brush;
  readonly yellow: Brush;
  readonly cyan: Brush;
  readonly dim: Brush;
  readonly bold: Brush;
}

const untouched: Brush = (text) => text;

/** No colours: for files and pipes. */
export const plain: Paint = {
  green: untouched,
  red: untouched,
  yellow: untouched,
  cyan: untouched,
  dim: untouched,
  bold: untouched,
};

/** ANSI colours, whatever the stream: the caller knows whether it writes to a terminal that wants them. */
export const colours: Paint = {
  green: brush("green"),
  red: brush("red"),
  yellow: brush("yellow"),
  cyan: brush("cyan"),
  dim: brush("dim"),
  bold: brush("bold"),
};

function brush(style: Parameters<typeof styleText>[0]): Brush {
  return (text) => styleText(style, text, { validateStream: false });
}
