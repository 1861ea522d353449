import { readFileSync } from "node:fs";
import { release } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue, type DriverName, runClaims, type Verdict } from "../../src/index.ts";
import { parseExpectations } from "../../src/report/expectations.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

const patienceMs = 300_000;
const recorded = "6.18";
const record = new URL(`../fixtures/expectations/linux-${recorded}.txt`, import.meta.url);
const reached = new Map<DriverName, readonly Verdict[]>();

const words = (verdicts: readonly Verdict[]) =>
  Object.fromEntries(verdicts.map(({ address, verdict }) => [address, verdict]));
const answers = (verdicts: readonly Verdict[]) =>
  verdicts.flatMap(({ address, cases }) => cases.map((one) => `${address}: ${one.case}: ${one.answer}`));

describeOnEveryDriver("the whole catalogue", (driver) => {
  test("has a verdict on every claim, and none that is inconclusive, untestable or an error", {
    timeout: patienceMs,
  }, async () => {
    const { verdicts } = await runClaims(catalogue, { driver });
    reached.set(driver, verdicts);
    const undecided = verdicts.flatMap(({ address, cases, broken }) => [
      ...broken.map((one) => `${address}: ${one.case}: ${one.message}`),
      ...cases
        .filter(({ answer }) => answer !== "holds" && answer !== "fails")
        .map((one) => `${address}: ${one.case}: ${one.reason}`),
    ]);
    expect(undecided).toEqual([]);
    expect(verdicts.map(({ address }) => address)).toEqual(catalogue.map(({ address }) => address));
  });
});

describe("the verdicts", () => {
  afterAll(() => reached.clear());

  test("are the same on every driver, case by case", ({ skip }) => {
    const [netns, docker] = [reached.get("netns"), reached.get("docker")];
    if (netns === undefined || docker === undefined) return skip("only one driver works here");
    expect(answers(docker)).toEqual(answers(netns));
  });

  test(`are those recorded on Linux ${recorded}`, ({ skip }) => {
    const verdicts = reached.get("netns");
    if (verdicts === undefined || !release().startsWith(`${recorded}.`)) return skip(`this is Linux ${release()}`);
    expect(words(verdicts)).toEqual(
      Object.fromEntries(parseExpectations(readFileSync(record, "utf8"), record.pathname)),
    );
  });
});
