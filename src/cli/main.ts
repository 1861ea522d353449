import { Command, CommanderError, Option } from "commander";
import type { DriverName } from "../lab/driver/driver.ts";
import { driverNames } from "../lab/driver/drivers.ts";
import { spokenNames } from "../model/leak-gate.ts";
import { errorText, exitCodeOf } from "./errors.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { ExplainCommand } from "./explain.ts";
import { type LeakCommand, leakHelp } from "./leak-options.ts";
import type { RunCommand } from "./run.ts";
import { version } from "./version.ts";
import { type WatchCommand, watchHelp } from "./watch-options.ts";

const defaultDriver: DriverName = process.platform === "linux" ? "netns" : "docker";

// Each command is loaded when it is asked for: a watch that runs for days need not hold the catalogue in memory.
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
  // What follows the command of `leak` is that command's.
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Exit codes: 0 done, 1 a verdict differs from --expect, sockets leak, or a threshold is passed, 2 usage,
3 the harness broke, 4 a capability is missing, 130 interrupted.
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
  .action(
    ends(async (addresses: readonly string[], options: RunCommand) =>
      (await import("./run.ts")).run(addresses, options),
    ),
  );

program
  .command("list")
  .description("list the claims")
  .argument("[address...]", "claims or topics; default all")
  .action(ends(async (addresses: readonly string[]) => (await import("./list.ts")).list(addresses)));

program
  .command("explain")
  .description("show one claim: statement, sources, cases, what was seen here, and the ladder of states")
  .argument("<address>", "a claim, such as half-close/two-states")
  .addOption(driver())
  .option("--pcap <dir>", "keep what was captured of each case, as pcap files")
  .option("--from <file>", "explain from a run stored with --json instead of trying it now")
  .action(
    ends(async (address: string, options: ExplainCommand) => (await import("./explain.ts")).explain(address, options)),
  );

program
  .command("leak")
  .description("start your program, behave towards it in many manners, and say which sockets it does not let go of")
  .argument("<command...>", "the program and its arguments, after --")
  .passThroughOptions()
  .addOption(driver())
  .option("--port <n>", "where it listens; found out otherwise")
  .addOption(
    new Option("--protocol <name>", "what it speaks; found out otherwise (upgrade and connect include http)").choices([
      ...spokenNames,
    ]),
  )
  .option("--path <path>", "what is asked for over HTTP; default /")
  .option("--send <text>", 'the line that is said over plain TCP; default "finwait"')
  .option("--grace <duration>", "how long a socket has to outlast its end to be leaked", "5s")
  .option("--start-within <duration>", "how long it may take to listen", "10s")
  .option("--stop-within <duration>", "how long it may take to stop at SIGTERM; default 35s")
  .option(
    "--hostile",
    "also be a peer that never reads and stays: tells whether the program has a write time-out; Node's default server has none",
  )
  .option("--nofile <n>", "limit of descriptors for its processes")
  .option("--copy <path...>", "for docker: what of this folder to copy into the host; default all of it")
  .option("--no-call-sites", "do not record where the program's sockets come from (a Node preload)")
  .option("--json <file>", "store the report: sockets, manners, forecasts")
  .option("--junit <file>", "write a JUnit report, a testcase for each manner")
  .option("-v, --verbose", "pass the program's own output on to stderr")
  .addHelpText("after", leakHelp)
  .action(
    ends(async (words: readonly string[], options: LeakCommand) => (await import("./leak.ts")).leak(words, options)),
  );

program
  .command("watch")
  .description(
    "show which sockets are held though their end has come: whose, towards whom, how old, how fast they grow",
  )
  .option("--pid <n>", "watch a process and its children; without a target, all of this network namespace")
  .option("--port <n>", "watch the sockets that have this port at their own end")
  .option("--container <name>", "watch a container, whatever is in its image")
  .option("--fail <expression...>", "end with 1 when it is so: 'close-wait.age > 60s', 'fin-wait-2 > 100'")
  .option("--for <duration>", "end after this time: 30s, 5m, 1h")
  .option("--every <duration>", "from one reading to the next", "1s")
  .option("--ndjson", "write a JSON object a reading instead of a table")
  .option("--metrics <address>", "serve the last reading for Prometheus: :9464 for this machine, 0.0.0.0:9464 for all")
  .addHelpText("after", watchHelp)
  .action(ends(async (options: WatchCommand) => (await import("./watch.ts")).watch(options)));

program
  .command("doctor")
  .description("show what this machine can do, what is missing, and the command that mends it")
  .action(ends(async () => (await import("./doctor.ts")).doctor()));

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
