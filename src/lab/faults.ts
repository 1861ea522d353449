import type { LosableSegment } from "../fault/segments.ts";
import type { LossRecord } from "../observe/capture/join.ts";
import type { Endpoint } from "./endpoint.ts";
import { Fault, type FaultCount, type FaultTarget } from "./fault.ts";
import { Hold } from "./hold.ts";
import type { Host } from "./host.ts";
import type { Ports } from "./ports.ts";
import type { Story } from "./story.ts";

/** The faults of one session, each under a number that no other fault has. */
export class Faults {
  readonly #hosts: readonly Host[];
  readonly #ports: Ports;
  readonly #story: Story;
  readonly #losing: Fault[] = [];
  readonly #holding: Hold[] = [];

  constructor(hosts: readonly Host[], ports: Ports, story: Story) {
    this.#hosts = hosts;
    this.#ports = ports;
    this.#story = story;
  }

  async lose(segment: LosableSegment, target: FaultTarget & FaultCount): Promise<Fault> {
    const number = this.#ports.next("fault");
    const fault = await Fault.apply({ segment, target, number, hosts: this.#hosts, story: this.#story });
    this.#losing.push(fault);
    return fault;
  }

  async hold(from: Endpoint): Promise<Hold> {
    const hold = await Hold.apply(from, this.#ports.next("fault"), this.#story);
    this.#holding.push(hold);
    return hold;
  }

  /** Which segments they have lost so far. */
  async losses(): Promise<readonly LossRecord[]> {
    return (await Promise.all(this.#losing.map((fault) => fault.losses()))).flat();
  }

  /** Lifts and releases them all; those that are over already stay so. */
  lift(): Promise<unknown>[] {
    return [...this.#losing.map((fault) => fault.lift()), ...this.#holding.map((hold) => hold.release())];
  }
}
