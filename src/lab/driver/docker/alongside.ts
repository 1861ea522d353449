import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ContainerRuntimeClient, getContainerRuntimeClient } from "testcontainers";
import { FinwaitError } from "../../../model/errors.ts";
import { agentFile } from "../../agent/file.ts";
import { AgentLink } from "../../agent/link.ts";
import { drivenHost } from "./driven-host.ts";
import { reasonOf } from "./engine.ts";
import { HelperContainer, type HelperSettings } from "./helper-container.ts";
import { hostImage } from "./image.ts";
import { labels } from "./labels.ts";
import { removeLabelled } from "./leftovers.ts";
import { requireEngine } from "./locate.ts";
import { nameOf, requireRunning, requireSame, type Target } from "./target.ts";
import { watchOver } from "./watchdog.ts";

/** A container of ours in the network of somebody's: what that one's image lacks, this one has. */
export interface Alongside extends AsyncDisposable {
  /** The name of the container it was opened for, and its image. */
  readonly name: string;
  readonly image: string;
  /** Runs a program of the host image there; throws FINWAIT_COMMAND_FAILED when it fails. */
  readonly run: (command: string, args: readonly string[]) => Promise<string>;
  /** Whether programs that are run see the container's processes. */
  readonly seesProcesses: boolean;
  /** Where its processes are seen among all of the machine's: the one that it began with. */
  readonly mainProcess?: number;
  /** The helper's own process, as it is seen among the container's. */
  readonly ownProcess: number;
  /** Whether the machine or other containers share its network. */
  readonly sharesNetwork: boolean;
  /** @throws FINWAIT_SUBJECT_GONE when the container does not run any more, or has been started anew. */
  check(): Promise<void>;
}

interface Helper {
  readonly client: ContainerRuntimeClient;
  readonly target: Target;
  readonly link: AgentLink;
  readonly ownProcess: number;
  readonly joinsProcesses: boolean;
  readonly remove: () => Promise<void>;
}

/**
 * Starts a helper that is removed on dispose, and by the watchdog when this process dies. It publishes no port.
 *
 * @throws FINWAIT_USAGE for a name no container has, FINWAIT_SUBJECT_GONE for one that is not running,
 * FINWAIT_CAPABILITY_MISSING without an engine, FINWAIT_LAB_FAILED when the helper does not start.
 */
export async function openAlongside(nameOrId: string): Promise<Alongside> {
  await requireEngine();
  const client = await getContainerRuntimeClient();
  const target = await requireRunning(client, nameOrId);
  const [image, agent] = await Promise.all([hostImage(client), readFile(agentFile())]);
  const lab = randomBytes(4).toString("hex");
  const release = watchOver();
  const removeContainers = () => removeLabelled(client.container.dockerode, `${labels.lab}=${lab}`);
  const remove = async () => {
    await removeContainers();
    release();
  };
  const settings = { lab, image, agent, target: target.Id };
  try {
    const helper = await start({ ...settings, joinsProcesses: true }).catch(async () => {
      // Some runtimes share no PID namespace. One that has stopped meanwhile shares nothing.
      await requireSame(client, target);
      await removeContainers();
      return await start({ ...settings, joinsProcesses: false });
    });
    return alongside({ client, target, remove, ...helper });
  } catch (error) {
    // What cannot be removed now stays the watchdog's; why the helper failed matters more.
    await remove().catch(() => {});
    throw error instanceof FinwaitError ? error : failedHelper(target, error);
  }
}

async function start(settings: HelperSettings): Promise<Pick<Helper, "link" | "ownProcess" | "joinsProcesses">> {
  const attachment = await new HelperContainer(settings).startAttached();
  const link = new AgentLink(drivenHost("helper", { v4: "", v6: "" }, attachment));
  const { pid } = await link.hello();
  return { link, ownProcess: pid, joinsProcesses: settings.joinsProcesses };
}

function alongside({ client, target, link, ownProcess, joinsProcesses, remove }: Helper): Alongside {
  const { NetworkMode = "", PidMode = "" } = target.HostConfig;
  let disposed: Promise<void> | undefined;
  return {
    name: nameOf(target),
    image: target.Config.Image,
    seesProcesses: joinsProcesses,
    ownProcess,
    sharesNetwork: NetworkMode === "host" || NetworkMode.startsWith("container:"),
    ...(PidMode === "host" ? { mainProcess: target.State.Pid } : {}),
    run: async (command, args) => {
      try {
        return (await link.run(command, args)).ok.stdout;
      } catch (error) {
        // The helper ends with the PID namespace that it has joined.
        await requireSame(client, target);
        throw error;
      }
    },
    check: () => requireSame(client, target),
    async [Symbol.asyncDispose]() {
      link.close();
      disposed ??= remove();
      await disposed;
    },
  };
}

function failedHelper(target: Target, error: unknown): FinwaitError {
  return new FinwaitError(
    "FINWAIT_LAB_FAILED",
    `The helper in the network of container ${nameOf(target)} did not start: ${reasonOf(error)}.`,
    { cause: error },
  );
}
