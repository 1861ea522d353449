import type { RunInHost } from "../fault/run-in-host.ts";
import type { HelloNotice } from "../protocol/messages.ts";
import { AgentLink } from "./agent/link.ts";
import type { DrivenHost } from "./driver/driver.ts";
import { Snapshots } from "./observers/snapshots.ts";

/** One network namespace with its addresses, its agent and its socket table. */
export class Host {
  readonly name: string;
  readonly addresses: { readonly v4: string; readonly v6: string };
  readonly link: AgentLink;
  readonly snapshots: Snapshots;
  readonly runtime: HelloNotice["runtime"];
  /** The agent's process id, as counted inside the host. */
  readonly pid: number;
  /** Whether its programs run as root. */
  readonly isRoot: boolean;
  /** Half the round trip of the clock comparison; 0 where the agent shares the harness's clock. */
  readonly clockUncertaintyNs: number;

  private constructor(driven: DrivenHost, link: AgentLink, hello: HelloNotice, clockUncertaintyNs: number) {
    this.name = driven.name;
    this.addresses = driven.addresses;
    this.isRoot = driven.isRoot;
    this.link = link;
    this.snapshots = new Snapshots(link, clockUncertaintyNs);
    this.runtime = hello.runtime;
    this.pid = hello.pid;
    this.clockUncertaintyNs = clockUncertaintyNs;
  }

  /** Waits for the agent's hello and compares clocks. */
  static async greet(driven: DrivenHost, now: () => number): Promise<Host> {
    const link = new AgentLink(driven);
    const hello = await link.hello();
    const { uncertaintyNs } = await link.compareClocks(now);
    return new Host(driven, link, hello, uncertaintyNs);
  }

  /** Whether this is one of its addresses. */
  owns(address: string): boolean {
    return Object.values(this.addresses).includes(address);
  }

  /** Runs a program in the host and gives its output; throws FINWAIT_COMMAND_FAILED when it fails. */
  readonly run: RunInHost = async (command, args, input) => {
    const { ok } = await this.link.run(command, args, input);
    return ok.stdout;
  };
}
