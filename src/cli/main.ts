import { Command, CommanderError, Option } from "commander";
import type { DriverName } from "../lab/driver/driver.ts";
import { driverNames } from "../lab/driver/drivers.ts";
import { doctor } from "./doctor.ts";
import { errorText, exitCodeOf } from "./errors.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type ExplainCommand, explain } from "./explain.ts";
import { list } from "./list.ts";
import { type RunCommand, run } from "./run.ts";
import { version } from "./version.ts";

const defaultDriver: DriverName = process.platform === "linux" ? "netns" : "docker";

let exitCode: ExitCode = exitCodes.done;
const ends =
  <A extends readonly unknown[]>(command: (...args: A) => ExitCode | Promise<ExitCode>) =>
  async (...args: A): Promise<void> => {
    exitCode = await command(...args);
  };

const driver = () =>
  new Option("-d, --driver <name>", "what makes the labs").choices([...driverNames]).default(defaultDriver);

const program = new Command("finwait")
  .description("Says which documented TCP behaviours hold on this machine, with the kernel's own evidence.")
  .version(version)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Exit codes: 0 done, 1 a verdict differs from --expect, 2 usage, 3 the harness broke, 4 a capability is missing.
Examples:
  finwait run                                everything
  finwait run half-close close/no-loss       a topic and a claim
  finwait explain half-close/two-states      one claim with its evidence, drawn as a ladder`,
  );

program
  .command("run")
  .description("try claims here and print a verdict for each")
  .argument("[address...]", "claims or topics, such as half-close/two-states or close-wait; default all")
  .addOption(driver())
  .option("--quick", "leave out cases that wait longer than 2 s for kernel timers, and say which")
  .option("--pcap <dir>", "keep what was captured of each case, as pcap files for Wireshark or tcpdump -r")
  .option("--json <file>", "store the run: header, timelines, verdicts")
  .option("--junit <file>", "write a JUnit report")
  .option("--expect <file>", "exit with 1 when a verdict differs from this record")
  .option("--record <file>", "write the verdicts as a record for --expect")
  .option("--bail", "stop at the first error, or verdict that differs from --expect")
  .option("--keep", "keep the hosts until Ctrl-C and say how to look inside")
  .action(ends((addresses: readonly string[], options: RunCommand) => run(addresses, options)));

program
  .command("list")
  .description("list the claims")
  .argument("[address...]", "claims or topics; default all")
  .action(ends((addresses: readonly string[]) => list(addresses)));

program
  .command("explain")
  .description("show one claim: statement, sources, cases, what was seen here, and the ladder of states")
  .argument("<address>", "a claim, such as half-close/two-states")
  .addOption(driver())
  .option("--pcap <dir>", "keep what was captured of each case, as pcap files")
  .option("--from <file>", "explain from a run stored with --json instead of trying it now")
  .action(ends((address: string, options: ExplainCommand) => explain(address, options)));

program
  .command("doctor")
  .description("show what this machine can do, what is missing, and the command that mends it")
  .action(ends(doctor));

// `finwait list | head`: a reader that has seen enough is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  console.error(`finwait: what was to be printed could not be written: ${error.message}`);
  process.exit(exitCodes.broke);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message; asking for help or the version is no error.
    exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else {
    console.error(errorText(error));
    exitCode = exitCodeOf(error);
  }
}
// What is still open belongs to labs that are gone: nothing is waited for.
// An error of what was printed last is told before this.
process.stdout.write("", () => setImmediate(() => process.exit(exitCode)));
