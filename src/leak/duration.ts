const unitMs = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const written = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|min|m|h|d)$/;

/** What a duration may look like, for messages. */
export const durationForms = "500ms, 30s, 5m, 1h or 1d";

/** Reads `30s`, `1.5h`, `500ms` in milliseconds; undefined for anything else, a bare number too. */
export function readDuration(text: string): number | undefined {
  const [, amount, unit] = written.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * unitMs[unit as keyof typeof unitMs];
}
