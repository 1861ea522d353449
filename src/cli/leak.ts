import { resolve } from "node:path";
import { gate } from "../leak/gate/gate.ts";
import { FinwaitError } from "../model/errors.ts";
import type { GateReport } from "../model/leak-gate.ts";
import { gateJunit } from "../report/leak/gate-junit.ts";
import { gateText } from "../report/leak/gate-text.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { interruption } from "./interruption.ts";
import { type LeakCommand, readLeakOptions } from "./leak-options.ts";
import { claimOutput, type Output } from "./outputs.ts";
import { requireDriver } from "./require-driver.ts";
import { openScreen } from "./screen.ts";

/** `finwait leak -- command args…`: tries a program out, and says which sockets it does not let go of. */
export async function leak(words: readonly string[], command: LeakCommand): Promise<ExitCode> {
  const options = readLeakOptions(command);
  const [program, ...args] = words;
  if (program === undefined)
    throw new FinwaitError("FINWAIT_USAGE", "Say what to start: finwait leak -- node server.js");
  await using files = await claimFiles(command);
  await requireDriver(command.driver);
  const screen = openScreen(process.stdout);
  using interrupt = interruption();
  try {
    const report = await gate([program, ...args], {
      ...options,
      signal: interrupt.signal,
      onProgress: screen.status,
      ...(command.verbose ? { onOutput: passThrough } : {}),
    });
    screen.done();
    screen.print(gateText(report, { ...screen, callSites: command.callSites }));
    await files.write(report);
    return report.leaked.length > 0 ? exitCodes.differs : exitCodes.done;
  } catch (error) {
    screen.done();
    // The lab was closed under it: what then failed says nothing.
    if (!interrupt.signal.aborted) throw error;
    screen.print("interrupted: nothing was found out");
    return exitCodes.interrupted;
  }
}

/** The program's own words, on stderr as they are: the report has stdout to itself. */
function passThrough(bytes: Uint8Array): void {
  process.stderr.write(bytes);
}

interface Files extends AsyncDisposable {
  readonly write: (report: GateReport) => Promise<void>;
}

/** Claims the places of the reports before anything is tried. @throws FINWAIT_USAGE for one that cannot be written. */
async function claimFiles({ json, junit }: LeakCommand): Promise<Files> {
  if (json !== undefined && junit !== undefined && resolve(json) === resolve(junit)) {
    throw new FinwaitError("FINWAIT_USAGE", "Two reports cannot go to the same file.");
  }
  const claimed: (readonly [output: Output, text: (report: GateReport) => string])[] = [];
  const giveBack = async () => {
    for (const [output] of claimed.toReversed()) await output[Symbol.asyncDispose]();
  };
  try {
    if (json !== undefined) claimed.push([await claimOutput(json), jsonText]);
    if (junit !== undefined) claimed.push([await claimOutput(junit), gateJunit]);
  } catch (error) {
    await giveBack();
    throw error;
  }
  return {
    write: async (report) => {
      for (const [output, text] of claimed) await output.write(text(report));
    },
    [Symbol.asyncDispose]: giveBack,
  };
}

function jsonText(report: GateReport): string {
  return `${JSON.stringify({ format: "finwait-leak/1", ...report }, null, 1)}\n`;
}
