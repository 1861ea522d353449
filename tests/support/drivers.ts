import { describe, expect, test } from "vitest";
import type { DriverName } from "../../src/lab/driver/driver.ts";
import { driverNamed, driverNames } from "../../src/lab/driver/drivers.ts";

/** Why a driver cannot be tested here, in the words of `finwait doctor`; undefined when it can. */
async function missing(name: DriverName): Promise<string | undefined> {
  const capabilities = await (await driverNamed(name)).examine();
  const lacking = capabilities.filter((one) => one.required && !one.present);
  return lacking.length === 0 ? undefined : lacking.map((one) => `${one.name}: ${one.detail}`).join("; ");
}

const missingParts = new Map(await Promise.all(driverNames.map(async (name) => [name, await missing(name)] as const)));

/**
 * The same tests on every driver. A driver that cannot work here is skipped with its reason; FINWAIT_REQUIRE_DOCKER=1
 * makes that a failure for docker, and netns is always required on Linux.
 */
export function describeOnEveryDriver(what: string, define: (driver: DriverName) => void): void {
  for (const driver of driverNames) {
    const reason = missingParts.get(driver);
    const isRequired = driver === "docker" ? process.env.FINWAIT_REQUIRE_DOCKER === "1" : process.platform === "linux";
    if (reason === undefined) {
      describe(`${what} [${driver}]`, () => define(driver));
    } else if (isRequired) {
      test(`${what} [${driver}]`, () => expect.fail(`the ${driver} driver is required and cannot work: ${reason}`));
    } else {
      test.skip(`${what} [${driver}]: skipped, because ${reason}`, () => {});
    }
  }
}
