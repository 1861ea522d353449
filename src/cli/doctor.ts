import type { Capability } from "../lab/driver/driver.ts";
import { driverNamed, driverNames } from "../lab/driver/drivers.ts";
import { examineTracepoints } from "../lab/observers/tracepoints.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { describeMachine } from "./machine.ts";
import { openScreen, type Screen } from "./screen.ts";
import { version } from "./version.ts";

/** `finwait doctor`: what this machine can show, what is missing, and the command that mends it. */
export async function doctor(): Promise<ExitCode> {
  const screen = openScreen(process.stdout);
  const [machine, tracepoints, ...found] = await Promise.all([
    describeMachine(),
    examineTracepoints(),
    ...driverNames.map(async (name) => ({ name, capabilities: await (await driverNamed(name)).examine() })),
  ]);
  screen.print(
    `finwait ${version} on ${Object.entries(machine)
      .map((pair) => pair.join(" "))
      .join(", ")}`,
  );
  for (const { name, capabilities } of found) {
    const verdict = works(capabilities) ? screen.paint.green("works") : screen.paint.red("cannot work here");
    show(`--driver ${name}`, verdict, capabilities, screen);
  }
  const tcpdump = found.flatMap(({ capabilities }) => capabilities).find(({ name }) => name === "tcpdump");
  const captures = tcpdump?.present ?? true;
  const missing = [...(captures ? [] : ["captured segments"]), ...(tracepoints.present ? [] : ["tracepoints"])];
  const evidence =
    missing.length === 0 ? screen.paint.green("whole") : screen.paint.yellow(`without ${missing.join(" and ")}`);
  show("evidence", evidence, [tracepoints], screen);
  return found.some(({ capabilities }) => works(capabilities)) ? exitCodes.done : exitCodes.missing;
}

function works(capabilities: readonly Capability[]): boolean {
  return capabilities.every((one) => one.present || !one.required);
}

function show(what: string, verdict: string, capabilities: readonly Capability[], { print, paint }: Screen): void {
  print(`\n${paint.bold(what)} ${verdict}`);
  const width = Math.max(...capabilities.map((one) => one.name.length));
  for (const one of capabilities) {
    const symbol = one.present ? paint.green("✓") : one.required ? paint.red("✗") : paint.yellow("-");
    print(`  ${symbol} ${one.name.padEnd(width)}  ${one.detail}`);
    if (one.mend !== undefined) print(`    ${" ".repeat(width)}  mend it with: ${paint.bold(one.mend)}`);
  }
}
