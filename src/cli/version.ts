import { readFileSync } from "node:fs";

/** finwait's own version: package.json stands one folder above dist/, two above the source. */
export const version: string = readVersion(["../package.json", "../../package.json"]);

function readVersion(places: readonly string[]): string {
  for (const place of places) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      if (typeof found === "object" && found !== null && "version" in found) return String(found.version);
    } catch {
      // Not there: the other place.
    }
  }
  return "unknown";
}
