import type { Capability, DriverName } from "../lab/driver/driver.ts";
import { driverNamed, driverNames } from "../lab/driver/drivers.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { describeMachine } from "./machine.ts";
import { openScreen, type Screen } from "./screen.ts";
import { version } from "./version.ts";

/** `finwait doctor`: what this machine can show, what is missing, and the command that mends it. */
export async function doctor(): Promise<ExitCode> {
  const screen = openScreen(process.stdout);
  const [machine, ...found] = await Promise.all([
    describeMachine(),
    ...driverNames.map(async (name) => ({ name, capabilities: await (await driverNamed(name)).examine() })),
  ]);
  screen.print(
    `finwait ${version} on ${Object.entries(machine)
      .map((pair) => pair.join(" "))
      .join(", ")}`,
  );
  for (const { name, capabilities } of found) show(name, capabilities, screen);
  return found.some(({ capabilities }) => works(capabilities)) ? exitCodes.done : exitCodes.missing;
}

function works(capabilities: readonly Capability[]): boolean {
  return capabilities.every((one) => one.present || !one.required);
}

function show(name: DriverName, capabilities: readonly Capability[], { print, paint }: Screen): void {
  const verdict = works(capabilities) ? paint.green("works") : paint.red("cannot work here");
  print(`\n${paint.bold(`--driver ${name}`)} ${verdict}`);
  const width = Math.max(...capabilities.map((one) => one.name.length));
  for (const one of capabilities) {
    const symbol = one.present ? paint.green("✓") : one.required ? paint.red("✗") : paint.yellow("-");
    print(`  ${symbol} ${one.name.padEnd(width)}  ${one.detail}`);
    if (one.mend !== undefined) print(`    ${" ".repeat(width)}  mend it with: ${paint.bold(one.mend)}`);
  }
}
