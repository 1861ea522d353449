import type { Capability, DriverName } from "../lab/driver/driver.ts";
import { driverNamed } from "../lab/driver/drivers.ts";
import { FinwaitError } from "../model/errors.ts";

/**
 * Makes sure that a driver can work here before anything is tried; `alsoNeeded` is a capability that it can do without
 * and the command line asks for.
 * @throws FINWAIT_CAPABILITY_MISSING saying what is missing and the command that mends it.
 */
export async function requireDriver(name: DriverName, alsoNeeded?: string): Promise<void> {
  const driver = await driverNamed(name);
  const missing = (await driver.examine()).filter((one) => (one.required || one.name === alsoNeeded) && !one.present);
  if (missing.length === 0) return;
  throw new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `The ${name} driver cannot work here.\n${missing.map(describe).join("\n")}`,
  );
}

function describe({ name, detail, mend }: Capability): string {
  return `  ${name}: ${detail}${mend === undefined ? "" : `\n    mend it with: ${mend}`}`;
}
