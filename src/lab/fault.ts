import { type AppliedLoss, applyLoss, type Caught } from "../fault/loss.ts";
import { canMatch, type Direction, type LosableSegment, losableSegments } from "../fault/segments.ts";
import { FinwaitError } from "../model/errors.ts";
import type { MonoNs } from "../model/time.ts";
import type { LossRecord } from "../observe/capture/join.ts";
import { defaultWithinMs, poll, type Within } from "./deadline.ts";
import { Endpoint } from "./endpoint.ts";
import type { Host } from "./host.ts";
import { Listener } from "./listener.ts";
import type { Story } from "./story.ts";

/** Whose segments are lost: those that an endpoint or any connection of a listener sends, or those that go to a listener. */
export type FaultTarget = (
  | { readonly from: Endpoint | Listener }
  | { readonly to: Listener }
  /** Both directions of an endpoint's connection. */
  | { readonly between: Endpoint }
) & {
  /** Only what arrives at this host; default: at every host that would receive such segments. */
  readonly at?: string;
};

/** How many segments a fault lets pass first, and how many or which it then loses. */
export interface FaultCount {
  /** Default: all of them until lifted. */
  readonly times?: number;
  /** Default: none. */
  readonly sparing?: number;
  /** Of what is left, only every so many-th; default: each. */
  readonly every?: number;
}

interface FaultPlan {
  readonly segment: LosableSegment;
  readonly target: FaultTarget & FaultCount;
  readonly number: number;
  readonly hosts: readonly Host[];
  readonly story: Story;
}

/** Before its rules were there, once they were, and when they were gone. */
interface FaultTimes {
  readonly from: MonoNs;
  readonly surelyFrom: MonoNs;
  readonly until?: MonoNs;
}

interface HostLoss {
  readonly host: Host;
  readonly loss: AppliedLoss;
}

/** Segments being lost. Lifting is idempotent and tells how many were caught; disposing lifts. */
export class Fault implements AsyncDisposable {
  readonly intent: string;
  readonly #name: string;
  readonly #losses: readonly HostLoss[];
  readonly #story: Story;
  readonly #drops: LossRecord["drops"];
  #times: FaultTimes;
  #lifted: Promise<number> | undefined;

  private constructor(plan: FaultPlan, times: FaultTimes, losses: readonly HostLoss[]) {
    this.intent = intentOf(plan);
    this.#times = times;
    this.#drops = (flags) => canMatch(plan.segment, flags);
    this.#name = `fault-${plan.number}`;
    this.#losses = losses;
    this.#story = plan.story;
  }

  /** Called by the session. @throws FINWAIT_USAGE for an unknown host or a count that is not whole. */
  static async apply(plan: FaultPlan): Promise<Fault> {
    const { segment, target } = plan;
    if (!losableSegments.includes(segment)) {
      const names = losableSegments.map((name) => `"${name}"`).join(", ");
      throw new FinwaitError("FINWAIT_USAGE", `"${segment}" is no segment that can be lost; there are ${names}.`);
    }
    if (!["from", "to", "between"].some((side) => side in target)) {
      throw new FinwaitError(
        "FINWAIT_USAGE",
        'A fault needs to know whose segments are meant: "from", "to" or "between".',
      );
    }
    const from = plan.story.clock.now();
    const counts = { ...whole(target, "times"), ...whole(target, "sparing"), ...whole(target, "every") };
    const losses = await Promise.all(
      places(plan).map(async ({ host, direction }, index) => ({
        host,
        loss: await applyLoss(host.run, `finwait_${plan.number}_${index}`, { segment, direction, ...counts }),
      })),
    );
    const fault = new Fault(plan, { from, surelyFrom: plan.story.clock.now() }, losses);
    fault.#tell("applied", 0);
    return fault;
  }

  /** Segments dropped so far. */
  async caught(): Promise<number> {
    return sum(await Promise.all(this.#losses.map(({ loss }) => loss.caught())));
  }

  /** Which segments it has lost so far, host by host. */
  async losses(): Promise<readonly LossRecord[]> {
    const { from, surelyFrom, until } = this.#times;
    return await Promise.all(
      this.#losses.map(async ({ host, loss }) => {
        const lost = (await loss.caught()).segments;
        return {
          fault: this.#name,
          host: host.name,
          from,
          surelyFrom,
          lost,
          drops: this.#drops,
          ...(until === undefined ? {} : { until }),
        };
      }),
    );
  }

  /** Resolves once `count` segments have been dropped. @throws FINWAIT_DEADLINE_MISSED */
  async catches(count = 1, { within = defaultWithinMs }: Within = {}): Promise<void> {
    await this.#story.noteMiss(
      poll({
        waitingFor: `${this.intent}: ${count} caught`,
        withinMs: within,
        look: async () => {
          const caught = await this.caught();
          return { seen: `${caught} caught`, ...(caught >= count ? { done: caught } : {}) };
        },
      }),
    );
  }

  /** Ends the loss; resolves with how many segments were caught in all. */
  async lift(): Promise<number> {
    this.#lifted ??= this.#lift();
    return await this.#lifted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lift();
  }

  async #lift(): Promise<number> {
    const caught = sum(await Promise.all(this.#losses.map(({ loss }) => loss.lift())));
    this.#times = { ...this.#times, until: this.#story.clock.now() };
    this.#tell("lifted", caught);
    return caught;
  }

  #tell(phase: "applied" | "lifted", caught: number): void {
    const host = this.#losses.map((loss) => loss.host.name).join(", ");
    this.#story.fault({ host, phase, fault: this.#name, intent: this.intent, caught });
  }
}

function sum(caught: readonly Caught[]): number {
  return caught.reduce((total, { count }) => total + count, 0);
}

interface Place {
  readonly host: Host;
  readonly direction: Direction;
}

/** Where the segments are dropped, each at the ingress of a host that would receive them. */
function places({ target, hosts }: FaultPlan): readonly Place[] {
  if (target.at !== undefined && !hosts.some((host) => host.name === target.at)) {
    throw new FinwaitError("FINWAIT_USAGE", `Nothing can be lost at host "${target.at}": this lab has no such host.`);
  }
  if ("to" in target) return [{ host: target.to.host, direction: { toPort: target.to.local.port } }];
  if ("between" in target) {
    const { host, local, peer } = target.between;
    const outward = { fromPort: local.port, toPort: peer.port };
    const inward = { fromPort: peer.port, toPort: local.port };
    return [
      ...receivers(target.between, hosts, target.at).map((far) => ({ host: far, direction: outward })),
      { host, direction: inward },
    ];
  }
  const sender = target.from;
  const direction =
    sender instanceof Listener
      ? { fromPort: sender.local.port }
      : { fromPort: sender.local.port, toPort: sender.peer.port };
  return receivers(sender, hosts, target.at).map((host) => ({ host, direction }));
}

function receivers(sender: Endpoint | Listener, hosts: readonly Host[], at: string | undefined): readonly Host[] {
  const others = hosts.filter((host) => (at === undefined ? host !== sender.host : host.name === at));
  const receiving = sender instanceof Endpoint ? others.filter((host) => host.owns(sender.peer.address)) : others;
  // Both ends in one host: the loopback's ingress is that host's own.
  return receiving.length > 0 ? receiving : [sender.host];
}

function intentOf({ segment, target }: FaultPlan): string {
  const what = segment === "everything" ? "everything" : `the ${segment}`;
  const whose =
    "to" in target
      ? `to ${target.to.name}`
      : "from" in target
        ? `from ${target.from.name}`
        : `to and from ${target.between.name}`;
  const times = target.times === undefined ? "until lifted" : target.times === 1 ? "once" : `${target.times} times`;
  const sparing = target.sparing === undefined ? "" : `, after the first ${target.sparing}`;
  const every = target.every === undefined ? "" : `, one in ${target.every}`;
  const where = target.at === undefined ? "" : ` at ${target.at}`;
  return `lose ${what} ${whose}${where}${sparing}${every}, ${times}`;
}

function whole(counts: FaultCount, name: keyof FaultCount): FaultCount {
  const value = counts[name];
  if (value === undefined) return {};
  if (Number.isInteger(value) && value > 0) return { [name]: value };
  throw new FinwaitError("FINWAIT_USAGE", `A fault counts whole segments, at least one: "${name}" cannot be ${value}.`);
}
