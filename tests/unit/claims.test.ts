import { expect, test } from "vitest";
import { catalogue } from "../../src/claims/catalogue.ts";
import { sysctlSettings } from "../../src/lab/driver/sysctls.ts";
import { timelineOf } from "../../src/timeline/timeline.ts";

const cases = catalogue.flatMap((claim) => claim.cases.map((one) => ({ claim, one })));

test("every claim has an address of its own, made of a topic and a name", () => {
  const addresses = catalogue.map((claim) => claim.address);
  expect(addresses.filter((address) => !/^[a-z-]+\/[a-z0-9-]+$/.test(address))).toEqual([]);
  expect(new Set(addresses).size).toBe(addresses.length);
});

test("every claim says what it says in English and in Chinese, and where it stands", () => {
  for (const { statement, sources } of catalogue) {
    expect(statement.en).toMatch(/^[A-Za-z0-9].*[.]$/);
    expect(statement.zh).toMatch(/\p{Script=Han}.*。$/u);
    expect(sources.length).toBeGreaterThan(0);
  }
});

test("a claim's cases have names that tell them apart", () => {
  for (const claim of catalogue) {
    const names = claim.cases.map((one) => one.name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size, claim.address).toBe(names.length);
  }
});

test("every case needs only sysctls that belong to a network namespace", () => {
  for (const { one } of cases) expect(() => sysctlSettings(one.needs?.sysctls ?? {})).not.toThrow();
});

test("no question finds its statement true or false in a story in which nothing happened", () => {
  for (const { claim, one } of cases) {
    const checks = one.question(timelineOf([]));
    expect(
      checks.some((check) => check.role === "statement"),
      `${claim.address}: ${one.name}`,
    ).toBe(true);
    expect(
      checks.filter((check) => check.answer !== "unseen"),
      `${claim.address}: ${one.name}`,
    ).toEqual([]);
  }
});
