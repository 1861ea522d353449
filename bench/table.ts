import { arch, availableParallelism, cpus, release, totalmem } from "node:os";

/** One figure: what was measured, what it came to, and what it may be at most. */
export interface Row {
  readonly figure: string;
  readonly measured: string;
  readonly atMost: string;
}

/** Markdown, so that it can stand in the README as it is printed. */
export function table(rows: readonly Row[]): string {
  const cells = [["figure", "measured", "at most"], ...rows.map((row) => [row.figure, row.measured, row.atMost])];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((cell) => cell[column]?.length ?? 0)));
  const line = (cell: readonly string[]) =>
    `| ${cell.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...body.map(line)].join("\n");
}

export function machineLine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `Linux ${release()} ${arch()}, ${availableParallelism()} cores (${model}), ${gib} GiB, Node ${process.versions.node}`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

export function seconds(valueMs: number): string {
  return `${(valueMs / 1000).toFixed(2)} s`;
}
