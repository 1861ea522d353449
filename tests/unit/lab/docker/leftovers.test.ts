import { describe, expect, test } from "vitest";
import { labels } from "../../../../src/lab/driver/docker/labels.ts";
import { type Leftover, stale } from "../../../../src/lab/driver/docker/leftovers.ts";

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const minutes = (count: number) => nowMs - count * 60_000;

function leftover(owner: string, changes: Partial<Leftover> = {}): Leftover {
  return {
    kind: "network",
    id: owner,
    labels: { [labels.owner]: owner },
    running: false,
    createdMs: minutes(1),
    ...changes,
  };
}

function staleIds(all: readonly Leftover[], fate: "alive" | "dead" | "unknown"): string[] {
  return stale(all, () => fate, nowMs).map(({ id }) => id);
}

describe("the sweep", () => {
  test("takes what a dead harness left, running or not, however young", () => {
    expect(staleIds([leftover("a"), leftover("b", { kind: "container", running: true })], "dead")).toEqual(["a", "b"]);
  });

  test("leaves what belongs to a living harness, however old", () => {
    expect(staleIds([leftover("a", { createdMs: minutes(10_000) })], "alive")).toEqual([]);
  });

  test("leaves what was kept on purpose", () => {
    const kept = leftover("a", { labels: { [labels.owner]: "a", [labels.keep]: "true" }, createdMs: minutes(10_000) });
    expect(staleIds([kept], "dead")).toEqual([]);
  });

  test("takes a stranger's network only when it is old and none of the stranger's containers runs", () => {
    const old = { createdMs: minutes(61) };
    const container = leftover("a", { ...old, kind: "container", id: "c", running: true });
    expect(staleIds([leftover("a", old)], "unknown")).toEqual(["a"]);
    expect(staleIds([leftover("a", { createdMs: minutes(59) })], "unknown")).toEqual([]);
    expect(staleIds([leftover("a", old), container], "unknown")).toEqual([]);
  });
});
