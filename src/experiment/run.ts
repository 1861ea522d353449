import { availableParallelism } from "node:os";
import pLimit from "p-limit";
import { judgeCase } from "../judge/case.ts";
import { judgeClaim } from "../judge/claim.ts";
import type { DriverName } from "../lab/driver/driver.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { FinwaitError, isFinwaitError } from "../model/errors.ts";
import type { TriedClaim } from "../model/run.ts";
import { type CaseOutcome, type CaseVerdict, isBrokenCase, type Verdict } from "../model/verdict.ts";
import { type Case, type Claim, claimData } from "./claim.ts";
import { type Batch, longTimerMs, planBatches, type Task, waitingMs } from "./plan.ts";
import { breakage, type PcapFiles, tryCase } from "./try-case.ts";

/** How claims are tried, and who is told of what. */
export interface RunOptions {
  readonly driver: DriverName;
  /** Leave the labs open: the caller disposes them. */
  readonly keep?: boolean;
  /** Stops trying further cases: Ctrl-C, or the first unexpected verdict. Cases under way are abandoned. */
  readonly signal?: AbortSignal;
  /** Why a case is not to be tried; it is then untestable for that reason. */
  readonly leaveOut?: (one: Case) => string | undefined;
  readonly onVerdict?: (verdict: Verdict, claim: Claim) => void;
  /** Told what takes long while a lab opens. */
  readonly onProgress?: (what: string) => void;
  readonly onCase?: (claim: Claim, outcome: CaseOutcome) => void;
  /** Handed what was captured of a case: pcap files by host. Without it no records are kept. */
  readonly onPcap?: (claim: Claim, one: Case, files: ReadonlyMap<string, Uint8Array>) => void;
}

/** What came of a run, in the order of the catalogue; claims that an aborted run did not finish are left out. */
export interface RunResult {
  readonly claims: readonly TriedClaim[];
  readonly verdicts: readonly Verdict[];
  /** With `keep`, the labs that are open still. */
  readonly kept: readonly Lab[];
}

/**
 * Experiments that are tried at the same time on the same hosts, which share one processor: those that act, and those that
 * mostly wait for a timer. The more there are, the more of them are served by one reading of the socket table.
 */
const inOneLab = { acting: 16, waiting: 24 } as const;
/** What experiments with long timers need to begin, before everything else is begun too. */
const headStartMs = 2_500;
/** Labs that are open at the same time, by what their experiments do. Those with long timers are open from the start. */
const labsOpen = {
  netns: { acting: 2 * availableParallelism(), waiting: 4 * availableParallelism() },
  docker: { acting: availableParallelism(), waiting: 2 * availableParallelism() },
} as const;

/** Tries the claims side by side and judges each as soon as its last case has been tried. */
export async function runClaims(claims: readonly Claim[], options: RunOptions): Promise<RunResult> {
  const progress = new Progress(claims, options);
  const labs: BatchLab[] = [];
  const aborted = new Promise<void>((resolve) =>
    options.signal?.addEventListener("abort", () => resolve(), { once: true }),
  );
  try {
    await Promise.race([runBatches(claims, options, progress, labs), aborted]);
  } finally {
    if (!options.keep) await Promise.all(labs.map((lab) => lab.close()));
  }
  return { claims: progress.records(), verdicts: progress.verdicts(), kept: labs.flatMap((lab) => lab.opened) };
}

async function runBatches(
  claims: readonly Claim[],
  options: RunOptions,
  progress: Progress,
  labs: BatchLab[],
): Promise<void> {
  const acting = pLimit(labsOpen[options.driver].acting);
  const waiting = pLimit(labsOpen[options.driver].waiting);
  tellLeftOut(claims, options, progress);
  const running: Promise<void>[] = [];
  const isTried = (one: Case) => options.leaveOut?.(one) === undefined;
  const [first, ...rest] = planBatches(claims, isTried).map((batch) => new BatchLab(batch, options));
  if (first === undefined) return;
  labs.push(first, ...rest);
  const { promise: headStart, resolve: endHeadStart } = Promise.withResolvers<void>();
  const work = (lab: BatchLab) => runBatch(lab, options, progress, headStart);
  // The first lab of all has the machine to itself until its first outcome, or verdict where one claim leads; unless
  // everything in it waits for a timer.
  running.push(work(first));
  const early = first.batch.lead.length > 0 ? progress.firstVerdict : progress.firstOutcome;
  if (first.batch.lead.length > 0 || first.batch.timerMs < longTimerMs) await Promise.race([early, running[0]]);

  const [long, others] = [rest.filter(hasLongTimer), rest.filter((lab) => !hasLongTimer(lab))];
  running.push(...long.map(work));
  // Who waits for a minute is not to wait for that minute's beginning too.
  const ahead = [first, ...long].filter(hasLongTimer);
  if (ahead.length > 0) await headStartOf(ahead);
  endHeadStart();
  running.push(...others.map((lab) => (lab.batch.timerMs >= waitingMs ? waiting : acting)(() => work(lab))));
  await Promise.all(running);
}

const hasLongTimer = ({ batch }: BatchLab): boolean => batch.timerMs >= longTimerMs;

/** Until the labs are open and their experiments had time to come to where they wait. */
async function headStartOf(labs: readonly BatchLab[]): Promise<void> {
  await Promise.allSettled(labs.map((lab) => lab.open()));
  await new Promise((resolve) => setTimeout(resolve, headStartMs));
}

function tellLeftOut(claims: readonly Claim[], { leaveOut }: RunOptions, progress: Progress): void {
  for (const claim of claims) {
    for (const one of claim.cases) {
      const missing = leaveOut?.(one);
      if (missing !== undefined)
        progress.add({ claim, case: one }, { kind: "untestable", case: one.name, missing, leftOut: true });
    }
  }
}

async function runBatch(
  lab: BatchLab,
  options: RunOptions,
  progress: Progress,
  headStart: Promise<void>,
): Promise<void> {
  const { batch } = lab;
  const acting = pLimit(batch.inTurn ? 1 : inOneLab.acting);
  const waiting = batch.inTurn ? acting : pLimit(inOneLab.waiting);
  const tryOne = async (task: Task) => {
    if (options.signal?.aborted) return;
    const outcome = await lab.try(task);
    // What an abort tore down is no outcome.
    if (!options.signal?.aborted) progress.add(task, outcome);
  };
  const isLong = ({ case: { timerMs = 0 } }: Task) => timerMs >= longTimerMs && !batch.inTurn;
  await Promise.all(batch.lead.map((task) => acting(() => tryOne(task))));
  const long = batch.tasks.filter(isLong).map(tryOne);
  if (batch.timerMs >= longTimerMs) await headStart;
  await Promise.all([
    ...long,
    ...batch.tasks
      .filter((task) => !isLong(task))
      .map((task) => ((task.case.timerMs ?? 0) >= waitingMs ? waiting : acting)(() => tryOne(task))),
  ]);
  if (!options.keep) await lab.close();
}

/** The lab of one batch: opened when first needed, and opened anew when an agent or a capture of it has died. */
class BatchLab {
  readonly opened: Lab[] = [];
  readonly batch: Batch;
  readonly #options: RunOptions;
  #current: Promise<Lab> | undefined;
  #closed = false;

  constructor(batch: Batch, options: RunOptions) {
    this.batch = batch;
    this.#options = options;
  }

  async try({ claim, case: one }: Task): Promise<CaseOutcome> {
    const { keep = false, onPcap } = this.#options;
    try {
      const lab = await this.#lab();
      const onFiles = onPcap === undefined ? {} : { onFiles: (files: PcapFiles) => onPcap(claim, one, files) };
      return await tryCase(lab, one, { keep, ...onFiles });
    } catch (error) {
      if (isFinwaitError(error, "FINWAIT_CAPABILITY_MISSING")) {
        return { kind: "untestable", case: one.name, missing: error.message };
      }
      return { kind: "broken", case: one.name, ...breakage(error), facts: [], durationMs: 0 };
    }
  }

  /** Opens it before it is needed; rejects when it cannot be opened, which each of its cases is told again. */
  async open(): Promise<void> {
    await this.#lab();
  }

  async close(): Promise<void> {
    this.#closed = true;
    // One that is opening right now is waited for, and disposed as soon as it is there.
    await this.#current?.catch(() => {});
    await Promise.all(this.opened.map((lab) => lab[Symbol.asyncDispose]()));
  }

  async #lab(): Promise<Lab> {
    const current = this.#current;
    const lab = await current;
    if (lab?.works) return lab;
    // Several experiments can find the lab broken at once; the first opens the next one for all.
    if (this.#current === current) this.#current = this.#open();
    return await (this.#current ?? this.#open());
  }

  async #open(): Promise<Lab> {
    if (this.#closed) throw new FinwaitError("FINWAIT_LAB_CLOSED", "The run was stopped before this lab opened.");
    const { driver, keep = false, onProgress, onPcap } = this.#options;
    const lab = await openLab({
      ...this.batch.lab,
      driver,
      keep,
      capture: "where possible",
      tracepoints: "where possible",
      keepRecords: onPcap !== undefined,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    this.opened.push(lab);
    if (this.#closed) await lab[Symbol.asyncDispose]();
    return lab;
  }
}

/** Collects outcomes and judges each claim once it has them all. */
class Progress {
  readonly firstOutcome: Promise<void>;
  readonly firstVerdict: Promise<void>;
  readonly #claims: readonly Claim[];
  readonly #options: RunOptions;
  readonly #outcomes = new Map<Claim, Map<Case, CaseOutcome>>();
  readonly #verdicts = new Map<Claim, Verdict>();
  readonly #hasOutcome: () => void;
  readonly #hasVerdict: () => void;

  constructor(claims: readonly Claim[], options: RunOptions) {
    this.#claims = claims;
    this.#options = options;
    const [outcome, verdict] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.firstOutcome = outcome.promise;
    this.firstVerdict = verdict.promise;
    this.#hasOutcome = outcome.resolve;
    this.#hasVerdict = verdict.resolve;
  }

  add({ claim, case: one }: Task, outcome: CaseOutcome): void {
    const outcomes = this.#outcomes.get(claim) ?? new Map<Case, CaseOutcome>();
    this.#outcomes.set(claim, outcomes.set(one, outcome));
    this.#options.onCase?.(claim, outcome);
    if (outcomes.size === claim.cases.length) {
      const verdict = judge(claim, outcomes);
      this.#verdicts.set(claim, verdict);
      this.#options.onVerdict?.(verdict, claim);
      this.#hasVerdict();
    }
    this.#hasOutcome();
  }

  records(): TriedClaim[] {
    return this.#tried().map((claim) => ({
      claim: claimData(claim),
      outcomes: claim.cases.flatMap((one) => this.#outcomes.get(claim)?.get(one) ?? []),
    }));
  }

  verdicts(): Verdict[] {
    return this.#tried().flatMap((claim) => this.#verdicts.get(claim) ?? []);
  }

  /** In the order of the catalogue, without those that an interrupted run did not finish. */
  #tried(): readonly Claim[] {
    return this.#claims.filter((claim) => this.#verdicts.has(claim));
  }
}

function judge(claim: Claim, outcomes: ReadonlyMap<Case, CaseOutcome>): Verdict {
  const judged = [...outcomes].map(([one, outcome]) => judgeCase(outcome, one.question));
  const broken = judged.filter(isBrokenCase);
  const answered = judged.filter((verdict): verdict is CaseVerdict => !isBrokenCase(verdict));
  return judgeClaim(claimData(claim), answered, broken);
}
