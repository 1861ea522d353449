import { availableParallelism } from "node:os";
import type { LabOptions } from "../lab/lab.ts";
import type { Case, Claim } from "./claim.ts";

/** One case of one claim, waiting to be tried. */
export interface Task {
  readonly claim: Claim;
  readonly case: Case;
}

/** Tasks that share hosts, because they need the same of them. */
export interface Batch extends Undealt {
  readonly lab: Undealt["lab"] & { readonly processor: number };
}

interface Undealt {
  readonly lab: Omit<LabOptions, "driver" | "keep">;
  /** One after another: each needs the hosts to itself. */
  readonly inTurn: boolean;
  readonly tasks: readonly Task[];
  /** Those tried before the rest of all: one small claim, whole, so that the first verdict comes early. */
  readonly lead: readonly Task[];
  /** The longest kernel timer among them. */
  readonly timerMs: number;
  /** How long they take at least: what waits by itself is waited for side by side, what takes turns adds up. */
  readonly expectedMs: number;
}

/** A case that waits this long for a kernel timer keeps no processor busy meanwhile: others act beside it. */
export const waitingMs = 1_000;
/** A case that waits this long begins at once, or everything would wait for it in the end. */
export const longTimerMs = 10_000;

/** An exclusive case that waits no longer than this takes turns with others: hosts of its own would cost more. */
const turnTimerMs = 2_000;
/** What an exclusive case takes besides its timer. */
const turnMs = 150;

/** More cases of one kind are shared out among several labs: as many as keep every processor busy, within reason. */
const together = { most: 200, least: 40 } as const;
const inTurn = { most: 30, least: 10 } as const;
/** What opening a lab takes, in cases. */
const labLoad = 2;

/**
 * Groups cases by what they need, so that hosts are few. Exclusive cases get hosts where they are alone: taking turns
 * when they are quick, their own when they wait for a timer. The plainest hosts come first, so that the first verdict
 * is early; then what takes longest, so that it runs beside everything else.
 */
export function planBatches(
  claims: readonly Claim[],
  isTried: (one: Case) => boolean = () => true,
  processors: number = availableParallelism(),
): readonly Batch[] {
  const groups = new Map<string, Task[]>();
  for (const claim of claims) {
    for (const one of claim.cases.filter(isTried)) {
      const key = groupKey(claim, one);
      groups.set(key, [...(groups.get(key) ?? []), { claim, case: one }]);
    }
  }
  const [first, ...rest] = [...groups.values()]
    .flatMap((tasks) => parts(tasks, processors))
    .map(batchOf)
    .sort(byStart);
  return first === undefined ? [] : dealt([withLead(first), ...rest], processors);
}

/** Gives each its processor, so that all of them have about as much to do: the largest first, to whoever has least. */
function dealt(batches: readonly Undealt[], processors: number): readonly Batch[] {
  const loads = Array.from({ length: processors }, () => 0);
  const chosen = new Map<Undealt, number>();
  const load = ({ tasks, lead }: Undealt) => tasks.length + lead.length + labLoad;
  for (const batch of batches.toSorted((a, b) => load(b) - load(a))) {
    const processor = loads.indexOf(Math.min(...loads));
    loads[processor] = (loads[processor] ?? 0) + load(batch);
    chosen.set(batch, processor);
  }
  return batches.map((batch) => ({ ...batch, lab: { ...batch.lab, processor: chosen.get(batch) ?? 0 } }));
}

/** The processes of a lab share one processor: a large group is dealt out, claim by claim, to several labs. */
function parts(tasks: readonly Task[], processors: number): readonly (readonly Task[])[] {
  const isInTurn = tasks.some((task) => task.case.needs?.exclusive);
  const { most, least } = isInTurn ? inTurn : together;
  const wanted = Math.ceil(Math.ceil(tasks.length / most) / processors) * processors;
  const count = Math.max(1, Math.min(wanted, Math.floor(tasks.length / least)));
  const dealt: Task[][] = Array.from({ length: count }, () => []);
  const ofClaims = [...Map.groupBy(tasks, (task) => task.claim).values()];
  for (const some of ofClaims.toSorted((a, b) => b.length - a.length)) {
    const [least] = dealt.toSorted((a, b) => a.length - b.length);
    least?.push(...some);
  }
  return dealt;
}

/** Puts the smallest claim that these hosts alone can decide, without waiting for a timer, before all else. */
function withLead(batch: Undealt): Undealt {
  const whole = [...Map.groupBy(batch.tasks, (task) => task.claim)].filter(
    ([claim, tasks]) => tasks.length === claim.cases.length && tasks.every((task) => (task.case.timerMs ?? 0) === 0),
  );
  const lead = whole.toSorted(([, a], [, b]) => a.length - b.length)[0]?.[1] ?? [];
  return { ...batch, lead, tasks: batch.tasks.filter((task) => !lead.includes(task)) };
}

function groupKey(claim: Claim, { name, needs = {}, timerMs = 0 }: Case): string {
  const sysctls = Object.entries(needs.sysctls ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const alone = needs.exclusive ? (timerMs > turnTimerMs ? `${claim.address} ${name}` : "in turn") : "together";
  return JSON.stringify([needs.hosts ?? null, sysctls, needs.nofile ?? null, alone]);
}

function batchOf(tasks: readonly Task[]): Undealt {
  const needs = tasks[0]?.case.needs ?? {};
  const timers = tasks.map((task) => task.case.timerMs ?? 0);
  const timerMs = Math.max(...timers);
  return {
    lab: {
      ...(needs.hosts === undefined ? {} : { hosts: needs.hosts }),
      ...(needs.sysctls === undefined ? {} : { sysctls: needs.sysctls }),
      ...(needs.nofile === undefined ? {} : { nofile: needs.nofile }),
    },
    inTurn: needs.exclusive ?? false,
    lead: [],
    tasks: tasks.toSorted((a, b) => (b.case.timerMs ?? 0) - (a.case.timerMs ?? 0)),
    timerMs,
    expectedMs: needs.exclusive ? timers.reduce((sum, ms) => sum + ms + turnMs, 0) : timerMs,
  };
}

function byStart(a: Undealt, b: Undealt): number {
  return Number(isPlain(b)) - Number(isPlain(a)) || b.expectedMs - a.expectedMs || b.tasks.length - a.tasks.length;
}

function isPlain({ lab, inTurn }: Undealt): boolean {
  return Object.keys(lab).length === 0 && !inTurn;
}
