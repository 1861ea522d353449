import { readFile } from "node:fs/promises";
import { catalogue } from "../claims/catalogue.ts";
import { type Claim, claimData } from "../experiment/claim.ts";
import { type RunResult, runClaims } from "../experiment/run.ts";
import type { DriverName } from "../lab/driver/driver.ts";
import { defined } from "../model/defined.ts";
import { FinwaitError } from "../model/errors.ts";
import { type Run, runFormat } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import { differences, type Expectations, parseExpectations } from "../report/expectations.ts";
import { summary } from "../report/terminal/summary.ts";
import { verdictLine } from "../report/terminal/verdict-line.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { interruption, untilInterrupted } from "./interruption.ts";
import { describeMachine } from "./machine.ts";
import { type PcapFolder, pcapFolder } from "./pcap-files.ts";
import { slowness, splitQuick } from "./quick.ts";
import { claimReports, type ReportFiles } from "./reports.ts";
import { requireDriver } from "./require-driver.ts";
import { RunStatus } from "./run-status.ts";
import { openScreen, type Screen } from "./screen.ts";
import { selectClaims } from "./select.ts";
import { version } from "./version.ts";

/** The options of `finwait run`, as commander gives them. */
export interface RunCommand extends ReportFiles {
  readonly driver: DriverName;
  readonly expect?: string;
  readonly bail?: boolean;
  readonly keep?: boolean;
  readonly quick?: boolean;
  /** A folder for what was captured of each case. */
  readonly pcap?: string;
}

/** `finwait run [address…]`: tries the claims here and says what holds. */
export async function run(addresses: readonly string[], options: RunCommand): Promise<ExitCode> {
  const selected = selectClaims(catalogue, addresses);
  const { quick: claims, slow } = options.quick ? splitQuick(selected) : { quick: selected, slow: [] };
  if (claims.length === 0) throw nothingQuick(slow);
  const expectations = options.expect === undefined ? undefined : await readExpectations(options.expect, claims);
  await using reports = await claimReports(options, expectations);
  const captures = options.pcap === undefined ? undefined : await pcapFolder(options.pcap);
  await requireDriver(options.driver, options.pcap === undefined ? undefined : "tcpdump");

  const screen = openScreen(process.stdout);
  const done = await runOnScreen(claims, { ...options, ...defined({ captures }) }, expectations, screen);
  // What an interrupted run did not try says nothing of what was expected.
  const compared = expectations === undefined || done.interrupted ? {} : { expectations };
  screen.print(summary(done.run, { ...screen, ...compared }));
  const left = claims.length - done.run.verdicts.length;
  if (slow.length > 0) screen.print(leftOutText(slow));
  if (done.interrupted) screen.print(`interrupted: ${left} of ${claims.length} claims have no verdict`);
  await reports.write(done.run);
  if (captures !== undefined) screen.print(`${await captures.done()} captures in ${options.pcap}`);
  if (options.keep) await lookAround(done.result, screen);
  return done.interrupted ? exitCodes.interrupted : exitCodeOfRun(done.run, expectations);
}

async function runOnScreen(
  claims: readonly Claim[],
  options: RunCommand & { readonly captures?: PcapFolder },
  expectations: Expectations | undefined,
  screen: Screen,
): Promise<{ run: Run; result: RunResult; interrupted: boolean }> {
  using interrupt = interruption();
  const status = new RunStatus(claims, screen);
  const startedAt = new Date().toISOString();
  const begun = performance.now();
  const machine = describeMachine();
  const bail = new AbortController();
  const result = await runClaims(claims, {
    driver: options.driver,
    keep: options.keep ?? false,
    signal: AbortSignal.any([interrupt.signal, bail.signal]),
    onProgress: (what) => screen.print(screen.paint.dim(what)),
    ...(options.quick ? { leaveOut: slowness } : {}),
    ...(options.captures === undefined ? {} : { onPcap: options.captures.add }),
    onCase: (claim, outcome) => status.tried(claim, outcome),
    onVerdict: (verdict, claim) => {
      screen.print(verdictLine(verdict, claimData(claim), screen));
      status.judged();
      if (options.bail && isUnexpected(verdict, expectations)) bail.abort();
    },
  });
  status.done();
  const addresses = claims.map((claim) => claim.address);
  const run: Run = {
    format: runFormat,
    header: { finwait: version, startedAt, driver: options.driver, machine: await machine, addresses },
    claims: result.claims,
    verdicts: result.verdicts,
    durationMs: Math.round(performance.now() - begun),
  };
  return { run, result, interrupted: interrupt.signal.aborted };
}

/** What `--quick` left out altogether; single cases are told with their claims. */
function leftOutText(slow: readonly Claim[]): string {
  const names = slow.map(({ address }) => address).join(", ");
  return `left out by --quick, for every case waits longer than 2 s: ${names}`;
}

function nothingQuick(slow: readonly Claim[]): FinwaitError {
  const names = slow.map(({ address }) => address).join(", ");
  return new FinwaitError(
    "FINWAIT_USAGE",
    `--quick leaves nothing to try: every case waits longer than 2 s of ${names}.`,
  );
}

function isUnexpected(verdict: Verdict, expectations: Expectations | undefined): boolean {
  if (verdict.verdict === "error") return true;
  const expected = expectations?.get(verdict.address);
  return expected !== undefined && expected !== verdict.verdict;
}

/** A broken harness outweighs a difference: what it would have said is not known. */
function exitCodeOfRun(done: Run, expectations: Expectations | undefined): ExitCode {
  if (done.verdicts.some(({ verdict }) => verdict === "error")) return exitCodes.broke;
  if (expectations !== undefined && differences(done, expectations).length > 0) return exitCodes.differs;
  return exitCodes.done;
}

/** @throws FINWAIT_USAGE for a record that is damaged, names a claim that is none, or expects nothing of these claims. */
async function readExpectations(file: string, claims: readonly Claim[]): Promise<Expectations> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FinwaitError("FINWAIT_USAGE", `The expectations in ${file} cannot be read: ${why}`, { cause });
  });
  const expectations = parseExpectations(bytes.toString("utf8"), file);
  const stranger = [...expectations.keys()].find((address) => !catalogue.some((claim) => claim.address === address));
  if (stranger !== undefined) {
    throw new FinwaitError("FINWAIT_USAGE", `${file} expects something of ${stranger}, and no claim has that address.`);
  }
  if (!claims.some(({ address }) => expectations.has(address))) {
    throw new FinwaitError("FINWAIT_USAGE", `${file} expects nothing of any claim of this run: nothing could differ.`);
  }
  return expectations;
}

/** `--keep`: the hosts stay for a person to look at, until Ctrl-C; containers stay even then. */
async function lookAround({ kept }: RunResult, screen: Screen): Promise<void> {
  screen.print("The hosts are kept. To look inside one, in another terminal, before Ctrl-C ends this:");
  for (const lab of kept) for (const place of lab.whereabouts()) screen.print(`  ${place}`);
  await untilInterrupted();
  await Promise.all(kept.map((lab) => lab[Symbol.asyncDispose]()));
}
