import { GenericContainer, getContainerRuntimeClient, PullPolicy } from "testcontainers";
import { type Attachment, agentPath, attach, readyAtOnce } from "./host-container.ts";
import { labLabels } from "./labels.ts";

/**
 * To read the descriptors of processes that belong to another user, or have capabilities which the helper lacks. To read a
 * socket table needs none.
 */
const capabilities = ["SYS_PTRACE", "DAC_READ_SEARCH"];

export interface HelperSettings {
  readonly lab: string;
  readonly image: string;
  readonly agent: Buffer;
  /** The id of the container whose network it joins. */
  readonly target: string;
  /** Whether it joins the container's PID namespace too. */
  readonly joinsProcesses: boolean;
}

/** A container with the agent as its own process, in the network of another one. */
export class HelperContainer extends GenericContainer {
  #attachment: Attachment | undefined;

  constructor({ lab, image, agent, target, joinsProcesses }: HelperSettings) {
    super(image);
    this.withName(`finwait-${lab}-alongside${joinsProcesses ? "" : "-network"}`)
      .withNetworkMode(`container:${target}`)
      .withLabels(labLabels(lab, false))
      .withCommand(["node", agentPath, "--epoch", String(process.hrtime.bigint())])
      .withCopyContentToContainer([{ content: agent, target: agentPath, mode: 0o644 }])
      .withDroppedCapabilities("ALL")
      .withSecurityOpt("no-new-privileges:true")
      .withPullPolicy(PullPolicy.neverPull())
      .withAutoCleanup(false)
      .withWaitStrategy(readyAtOnce);
    if (joinsProcesses) {
      this.withAddedCapabilities(...capabilities);
      this.hostConfig.PidMode = `container:${target}`;
    }
    // StdinOnce ends the agent when we go, however we go, and AutoRemove the container then.
    Object.assign(this.createOpts, { OpenStdin: true, StdinOnce: true });
    Object.assign(this.createOpts, { AttachStdin: true, AttachStdout: true, AttachStderr: true });
    this.hostConfig.AutoRemove = true;
    this.hostConfig.LogConfig = { Type: "none", Config: {} };
  }

  async startAttached(): Promise<Attachment> {
    try {
      await this.start();
    } catch (error) {
      // The engine lets a wait for a container that never ran stand for ever.
      this.#attachment?.detach();
      throw error;
    }
    if (!this.#attachment) throw new Error("Testcontainers started a container without announcing its creation");
    return this.#attachment;
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#attachment = await attach(await getContainerRuntimeClient(), id);
  }
}
