import { FinwaitError } from "../model/errors.ts";
import type { Fact, StateFact } from "../model/fact.ts";
import type { SocketAddress } from "../model/socket.ts";
import { type TcpState, tcpStates } from "../model/state.ts";
import { defaultWithinMs, type Within } from "./deadline.ts";
import type { Host } from "./host.ts";
import type { EndpointIdentity, ProcessIdentity } from "./identity.ts";
import { untilShown } from "./kernel-waits.ts";
import type { Story } from "./story.ts";

/** A socket as its host's kernel has it, whoever opened it: a place in the story, and what `ss` shows of it. */
export class KernelSocket implements EndpointIdentity {
  readonly name: string;
  readonly host: Host;
  readonly process: ProcessIdentity | undefined;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  protected readonly story: Story;

  constructor({ name, host, process, local, peer }: EndpointIdentity, story: Story) {
    this.name = name;
    this.host = host;
    this.process = process;
    this.local = local;
    this.peer = peer;
    this.story = story;
    story.meet(this);
  }

  /** What is in the story so far of this connection: both its ends, and the faults, notes and missed deadlines beside them. */
  get facts(): readonly Fact[] {
    const other = this.story.partyAt(this.peer, this.local, this.story.clock.now())?.name;
    const isOurs = (name: string | undefined) => name === this.name || (name !== undefined && name === other);
    return this.story.facts.filter((fact) => {
      if (fact.kind === "segment") return isOurs(fact.from) || isOurs(fact.to);
      return "endpoint" in fact ? isOurs(fact.endpoint) : ["fault", "note", "missed"].includes(fact.kind);
    });
  }

  /** The kernel's state now. CLOSED means that ss lists no such socket. */
  async state(): Promise<StateFact> {
    return await this.story.look(this);
  }

  /**
   * Resolves once the kernel shows the state, or one of several.
   * @throws FINWAIT_DEADLINE_MISSED, naming the state seen last.
   */
  async reaches(state: TcpState | readonly TcpState[], { within = defaultWithinMs }: Within = {}): Promise<StateFact> {
    const wanted = typeof state === "string" ? [state] : state;
    const unknown = wanted.find((one) => !tcpStates.includes(one));
    if (unknown !== undefined || wanted.length === 0) {
      throw new FinwaitError("FINWAIT_USAGE", `"${unknown ?? ""}" is no TCP state; there are ${tcpStates.join(", ")}.`);
    }
    return await untilShown(this.story, this, {
      waitingFor: `${this.name} to reach ${wanted.join(" or ")}`,
      isShown: (seen) => wanted.includes(seen.state),
      withinMs: within,
    });
  }

  /**
   * Resolves once ss shows of the socket what is asked for: a queue's length, a timer's count, one of several ends.
   * @throws FINWAIT_DEADLINE_MISSED
   */
  async shows(
    what: string,
    isShown: (seen: StateFact) => boolean,
    { within = defaultWithinMs }: Within = {},
  ): Promise<StateFact> {
    const waitingFor = `${this.name} to show ${what}`;
    return await untilShown(this.story, this, { waitingFor, isShown, withinMs: within });
  }
}
