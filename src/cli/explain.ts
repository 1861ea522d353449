import { readFile } from "node:fs/promises";
import { catalogue } from "../claims/catalogue.ts";
import { type Claim, claimData } from "../experiment/claim.ts";
import { runClaims } from "../experiment/run.ts";
import type { DriverName } from "../lab/driver/driver.ts";
import { FinwaitError } from "../model/errors.ts";
import { readRun } from "../report/json/read.ts";
import { explainText } from "../report/terminal/explain.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { interruption } from "./interruption.ts";
import { pcapFolder } from "./pcap-files.ts";
import { requireDriver } from "./require-driver.ts";
import { openScreen, type Screen } from "./screen.ts";
import { selectClaims } from "./select.ts";

export interface ExplainCommand {
  readonly driver: DriverName;
  /** A stored run to explain from, instead of trying the claim now. */
  readonly from?: string;
  /** A folder for what was captured of each case. */
  readonly pcap?: string;
}

/** `finwait explain ADDRESS`: what a claim says, where it stands, and what this machine answers, with the evidence. */
export async function explain(address: string, options: ExplainCommand): Promise<ExitCode> {
  const screen = openScreen(process.stdout);
  const [claim, another] = selectClaims(catalogue, [address]);
  if (claim === undefined || another !== undefined) {
    throw new FinwaitError(
      "FINWAIT_USAGE",
      `"${address}" names several claims; explain takes one, such as ${claim?.address}.`,
    );
  }
  if (options.from !== undefined && options.pcap !== undefined) {
    throw new FinwaitError("FINWAIT_USAGE", "A stored run holds no captures to write: --pcap goes without --from.");
  }
  return options.from === undefined
    ? await explainNow(claim, options, screen)
    : await explainStored(claim.address, options.from, screen);
}

async function explainNow(claim: Claim, { driver, pcap }: ExplainCommand, screen: Screen): Promise<ExitCode> {
  const captures = pcap === undefined ? undefined : await pcapFolder(pcap);
  await requireDriver(driver, pcap === undefined ? undefined : "tcpdump");
  const timerS = Math.max(...claim.cases.map(({ timerMs = 0 }) => timerMs)) / 1000;
  if (timerS >= 2) screen.status(`trying ${claim.address}: it waits ${Math.round(timerS)} s for a kernel timer`);
  using interrupt = interruption();
  const { claims, verdicts } = await runClaims([claim], {
    driver,
    signal: interrupt.signal,
    ...(captures === undefined ? {} : { onPcap: captures.add }),
  });
  screen.done();
  await captures?.done();
  if (interrupt.signal.aborted) return exitCodes.interrupted;
  screen.print(explainText(claimData(claim), verdicts[0], claims[0]?.outcomes, screen));
  return verdicts[0]?.verdict === "error" ? exitCodes.broke : exitCodes.done;
}

async function explainStored(address: string, file: string, screen: Screen): Promise<ExitCode> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new FinwaitError(
      "FINWAIT_USAGE",
      `The stored run ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
    );
  });
  const run = readRun(text);
  const tried = run.claims.find(({ claim }) => claim.address === address);
  if (tried === undefined) throw new FinwaitError("FINWAIT_USAGE", `The run stored in ${file} did not try ${address}.`);
  const verdict = run.verdicts.find((one) => one.address === address);
  screen.print(explainText(tried.claim, verdict, tried.outcomes, screen));
  return exitCodes.done;
}
