import type { LabOptions } from "../lab/lab.ts";
import type { Case, Claim } from "./claim.ts";

/** One case of one claim, waiting to be tried. */
export interface Task {
  readonly claim: Claim;
  readonly case: Case;
}

/** Tasks that share hosts, because they need the same of them. */
export interface Batch {
  readonly lab: Omit<LabOptions, "driver" | "keep">;
  /** One after another: each needs the hosts to itself. */
  readonly inTurn: boolean;
  readonly tasks: readonly Task[];
  /** Those tried before the rest of all: one small claim, whole, so that the first verdict comes early. */
  readonly lead: readonly Task[];
  /** The longest kernel timer among them. */
  readonly timerMs: number;
}

/** A case that waits this long for a kernel timer keeps no processor busy meanwhile: others act beside it. */
export const waitingMs = 1_000;
/** A case that waits this long begins at once, or everything would wait for it in the end. */
export const longTimerMs = 10_000;

/** More cases of one kind are shared out among several labs. */
const mostInOneLab = 150;

/**
 * Groups cases by what they need, so that hosts are few. Exclusive cases get hosts where they are alone: taking turns
 * when they are quick, their own when they wait for a timer. The plainest hosts come first, so that the first verdict
 * is early; then the longest timers, so that they run beside everything else.
 */
export function planBatches(claims: readonly Claim[], isTried: (one: Case) => boolean = () => true): readonly Batch[] {
  const groups = new Map<string, Task[]>();
  for (const claim of claims) {
    for (const one of claim.cases.filter(isTried)) {
      const key = groupKey(claim, one);
      groups.set(key, [...(groups.get(key) ?? []), { claim, case: one }]);
    }
  }
  const [first, ...rest] = [...groups.values()].flatMap(parts).map(batchOf).sort(byStart);
  return first === undefined ? [] : [withLead(first), ...rest];
}

/** The processes of a lab share one processor: a large group is dealt out, claim by claim, to several labs. */
function parts(tasks: readonly Task[]): readonly (readonly Task[])[] {
  const isInTurn = tasks.some((task) => task.case.needs?.exclusive);
  const count = isInTurn ? 1 : Math.ceil(tasks.length / mostInOneLab);
  const dealt: Task[][] = Array.from({ length: count }, () => []);
  const ofClaims = [...Map.groupBy(tasks, (task) => task.claim).values()];
  for (const some of ofClaims.toSorted((a, b) => b.length - a.length)) {
    const [least] = dealt.toSorted((a, b) => a.length - b.length);
    least?.push(...some);
  }
  return dealt;
}

/** Puts the smallest claim that these hosts alone can decide, without waiting for a timer, before all else. */
function withLead(batch: Batch): Batch {
  const whole = [...Map.groupBy(batch.tasks, (task) => task.claim)].filter(
    ([claim, tasks]) => tasks.length === claim.cases.length && tasks.every((task) => (task.case.timerMs ?? 0) === 0),
  );
  const lead = whole.toSorted(([, a], [, b]) => a.length - b.length)[0]?.[1] ?? [];
  return { ...batch, lead, tasks: batch.tasks.filter((task) => !lead.includes(task)) };
}

function groupKey(claim: Claim, { name, needs = {}, timerMs = 0 }: Case): string {
  const sysctls = Object.entries(needs.sysctls ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const alone = needs.exclusive ? (timerMs >= waitingMs ? `${claim.address} ${name}` : "in turn") : "together";
  return JSON.stringify([needs.hosts ?? null, sysctls, needs.nofile ?? null, alone]);
}

function batchOf(tasks: readonly Task[]): Batch {
  const needs = tasks[0]?.case.needs ?? {};
  return {
    lab: {
      ...(needs.hosts === undefined ? {} : { hosts: needs.hosts }),
      ...(needs.sysctls === undefined ? {} : { sysctls: needs.sysctls }),
      ...(needs.nofile === undefined ? {} : { nofile: needs.nofile }),
    },
    inTurn: needs.exclusive ?? false,
    lead: [],
    tasks: tasks.toSorted((a, b) => (b.case.timerMs ?? 0) - (a.case.timerMs ?? 0)),
    timerMs: Math.max(...tasks.map((task) => task.case.timerMs ?? 0)),
  };
}

function byStart(a: Batch, b: Batch): number {
  return Number(isPlain(b)) - Number(isPlain(a)) || b.timerMs - a.timerMs || b.tasks.length - a.tasks.length;
}

function isPlain({ lab, inTurn }: Batch): boolean {
  return Object.keys(lab).length === 0 && !inTurn;
}
