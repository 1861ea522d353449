import { fitted, printable } from "../text/width.ts";

/** For what others chose the words of (a command, a process's name, a path): safe to print, in so many columns at most. */
export function outsideIn(columns: number): (text: string) => string {
  return (text) => fitted(printable(text), columns);
}

/** "340 ms", "3 s", "12.4 s". */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
