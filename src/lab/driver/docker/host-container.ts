import { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  PullPolicy,
  type StartedNetwork,
  type WaitStrategy,
} from "testcontainers";
import type { SysctlSetting } from "../sysctls.ts";

/** Where the agent is in every host. */
export const agentPath = "/finwait/agent.mjs";

/**
 * All that root may do in a host: fault rules, neighbour entries and `ss -K`; raw sockets; and setting its groups, which
 * tcpdump does before it captures, whoever it is to run as. A container's default has the last two anyway.
 */
const capabilities = ["NET_ADMIN", "NET_RAW", "SETGID"];

export interface HostSettings {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly network: StartedNetwork;
  readonly labels: Record<string, string>;
  readonly agent: Buffer;
  readonly epoch: bigint;
  readonly sysctls: readonly SysctlSetting[];
  readonly nofile?: number;
  readonly keep: boolean;
  /** Unpacked at its root before it starts. */
  readonly files?: Readable;
  /** The one processor of the engine's machine that the lab's hosts share. */
  readonly processor: number;
}

/** The agent's stdio, and what became of its process. */
export interface Attachment {
  readonly id: string;
  readonly stream: Duplex;
  /** Resolves with the exit code; rejects when the engine no longer knows, or after `detach`. */
  readonly exitCode: Promise<number>;
  /** Lets go of a container that stays. */
  readonly detach: () => void;
}

/** A container whose own process is the agent, attached before it starts, so that not one byte is lost. */
export class HostContainer extends GenericContainer {
  #attachment: Attachment | undefined;

  constructor(settings: HostSettings) {
    super(settings.image);
    this.withName(settings.name)
      .withHostname(settings.hostname)
      .withNetwork(settings.network)
      .withLabels(settings.labels)
      .withCommand(["node", agentPath, "--epoch", String(settings.epoch)])
      .withCopyContentToContainer([{ content: settings.agent, target: agentPath, mode: 0o644 }])
      .withDroppedCapabilities("ALL")
      .withAddedCapabilities(...capabilities)
      .withSecurityOpt("no-new-privileges:true")
      .withPullPolicy(PullPolicy.neverPull())
      // The watchdog cleans up; Ryuk would want an image, a published port and the engine's socket.
      .withAutoCleanup(false)
      .withWaitStrategy(readyAtOnce);
    if (settings.nofile !== undefined) {
      this.withUlimits({ nofile: { soft: settings.nofile, hard: settings.nofile } });
    }
    if (settings.files !== undefined) this.withCopyArchivesToContainer([{ tar: settings.files, target: "/" }]);
    this.#setStdio(settings.keep);
    this.hostConfig.Init = true;
    this.hostConfig.AutoRemove = !settings.keep;
    this.hostConfig.Sysctls = Object.fromEntries(settings.sysctls.map(({ name, value }) => [name, value]));
    this.hostConfig.CpusetCpus = String(settings.processor);
    // The agent's words are for us alone, and may be megabytes.
    this.hostConfig.LogConfig = { Type: "none", Config: {} };
  }

  /** Starts the container; resolves while its agent may still be loading. */
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

  /** StdinOnce closes the agent's stdin when we go, however we go. A kept agent stays, with its sockets as they are. */
  #setStdio(keep: boolean): void {
    this.createOpts.OpenStdin = true;
    this.createOpts.StdinOnce = !keep;
    this.createOpts.AttachStdin = true;
    this.createOpts.AttachStdout = true;
    this.createOpts.AttachStderr = true;
  }
}

export async function attach(client: ContainerRuntimeClient, id: string): Promise<Attachment> {
  const container = client.container.getById(id);
  // Hijacked, this is the connection itself: a socket, read and written as it is.
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  })) as Duplex;
  if (stream instanceof Socket) stream.setNoDelay(true);
  // A host that dies takes its connection with it; what was being written then is of no interest.
  stream.on("error", () => {});
  // Asked before the start: AutoRemove takes the answer away with the container.
  const patience = new AbortController();
  const exitCode = container
    .wait({ condition: "next-exit", abortSignal: patience.signal })
    .then((answer: { StatusCode: number }) => answer.StatusCode);
  exitCode.catch(() => {});
  const detach = () => {
    stream.destroy();
    patience.abort();
  };
  return { id, stream, exitCode, detach };
}

/** The agent's hello is the sign of readiness; a check from here would open connections in the host. */
export const readyAtOnce: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => readyAtOnce,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};
