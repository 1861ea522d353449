import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ContainerRuntimeClient, getContainerRuntimeClient, type StartedNetwork } from "testcontainers";
import { FinwaitError } from "../../../model/errors.ts";
import { agentFile } from "../../agent/file.ts";
import type { DrivenHost, DrivenLab, LabSpec } from "../driver.ts";
import { chooseProcessor } from "../processors.ts";
import { sysctlSettings } from "../sysctls.ts";
import { type Archive, pack } from "./archive.ts";
import { drivenHost } from "./driven-host.ts";
import { type Engine, reasonOf } from "./engine.ts";
import { type Attachment, HostContainer, type HostSettings } from "./host-container.ts";
import { hostImage } from "./image.ts";
import { labels, labLabels } from "./labels.ts";
import { removeLabelled, sweepLeftovers } from "./leftovers.ts";
import { requireEngine } from "./locate.ts";
import { startNetwork } from "./network.ts";
import { watchOver } from "./watchdog.ts";

/** One container of a lab, with the agent's stdio. */
interface StartedHost {
  readonly name: string;
  readonly container: string;
  readonly attachment: Attachment;
}

let swept: Promise<void> | undefined;

export async function openDocker(spec: LabSpec): Promise<DrivenLab> {
  const sysctls = sysctlSettings(spec.sysctls);
  await requireEngine();
  const client = await getContainerRuntimeClient();
  const engine = client.container.dockerode;
  // What cannot be swept now is not in the way of this lab, and the next one tries again.
  swept ??= sweepLeftovers(engine).catch(() => {
    swept = undefined;
  });
  const [image, agent, processors] = await Promise.all([
    hostImage(client, spec.onProgress),
    readFile(agentFile()),
    processorsOf(engine),
    swept,
  ]);
  const processor = chooseProcessor(processors, spec.processor);
  await using archives = await packAll(spec);
  const id = randomBytes(4).toString("hex");
  const release = watchOver();
  try {
    return await startLab({ id, client, spec, release }, { image, agent, sysctls, processor, archives });
  } catch (error) {
    // What cannot be removed now stays the watchdog's; why the lab failed matters more.
    await removeLab(engine, id, release).catch(() => {});
    throw failedLab(error);
  }
}

/** What each host is brought, by its name. */
type Archives = AsyncDisposable & { of(host: string): Archive | undefined };

async function packAll({ bring = {} }: LabSpec): Promise<Archives> {
  const packed = new Map<string, Archive>();
  for (const [host, paths] of Object.entries(bring)) if (paths.length > 0) packed.set(host, await pack(paths));
  return {
    of: (host) => packed.get(host),
    async [Symbol.asyncDispose]() {
      for (const archive of packed.values()) await archive[Symbol.asyncDispose]();
    },
  };
}

let processorCount: Promise<number> | undefined;

/** The processors of the engine's machine, which need not be this one. */
async function processorsOf(engine: Engine): Promise<readonly number[]> {
  processorCount ??= engine.info().then((info: { readonly NCPU?: number }) => info.NCPU ?? 1);
  return Array.from({ length: await processorCount }, (_, processor) => processor);
}

interface LabGround {
  readonly id: string;
  readonly client: ContainerRuntimeClient;
  readonly spec: LabSpec;
  readonly release: () => void;
}

async function startLab(
  { id, client, spec, release }: LabGround,
  common: Pick<HostSettings, "image" | "agent" | "sysctls" | "processor"> & { readonly archives: Archives },
): Promise<DrivenLab> {
  const { keep = false, epoch, nofile } = spec;
  const name = `finwait-${id}`;
  const settings = { ...common, keep, epoch, labels: labLabels(id, keep), ...(nofile === undefined ? {} : { nofile }) };
  const network = await startNetwork(client, name, settings.labels);
  const started = await startHosts(spec.hosts, { ...settings, network, name });
  const addresses = await addressesIn(client, network);
  const hosts = started.map(({ name, attachment }): DrivenHost => {
    return drivenHost(name, addresses(attachment.id), attachment);
  });
  let disposed: Promise<void> | undefined;
  return {
    hosts,
    whereabouts: () => whereabouts(name, started),
    async [Symbol.asyncDispose]() {
      disposed ??= keep ? leave(started, release) : removeLab(client.container.dockerode, id, release);
      await disposed;
    },
  };
}

/** Starts all at once. When one fails the others are awaited first, so that nothing comes to be after the clean-up. */
async function startHosts(
  names: readonly string[],
  { archives, ...settings }: Omit<HostSettings, "hostname" | "files"> & { readonly archives: Archives },
): Promise<readonly StartedHost[]> {
  const results = await Promise.allSettled(
    names.map(async (name, index): Promise<StartedHost> => {
      const hostname = name.replace(/[^a-zA-Z0-9-]/g, "-").slice(0, 40);
      const container = `${settings.name}-${index + 1}-${hostname}`;
      const files = archives.of(name)?.read();
      const host = new HostContainer({
        ...settings,
        hostname,
        name: container,
        ...(files === undefined ? {} : { files }),
      });
      try {
        return { name, container, attachment: await host.startAttached() };
      } catch (error) {
        throw new Error(`host "${name}" did not start: ${reasonOf(error)}`, { cause: error });
      }
    }),
  );
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** One question for all hosts; keys are container ids, values carry their prefix length ("172.18.0.2/16"). */
async function addressesIn(
  client: ContainerRuntimeClient,
  network: StartedNetwork,
): Promise<(container: string) => DrivenHost["addresses"]> {
  const { Containers: members = {} } = await client.network.getById(network.getId()).inspect();
  return (container) => {
    const { IPv4Address = "", IPv6Address = "" } = members[container] ?? {};
    const [v4, v6] = [IPv4Address, IPv6Address].map((address) => address.split("/")[0]);
    if (!v4 || !v6) throw new Error(`container ${container.slice(0, 12)} has no address in its network any more`);
    return { v4, v6 };
  };
}

async function removeLab(engine: Engine, id: string, release: () => void): Promise<void> {
  try {
    await removeLabelled(engine, `${labels.lab}=${id}`);
  } catch (error) {
    // Not released: the watchdog tries again when this process ends.
    throw new FinwaitError(
      "FINWAIT_LAB_FAILED",
      `The Docker lab ${id} could not be removed: ${reasonOf(error)}. ` +
        `See what is left with \`docker ps -a --filter label=${labels.lab}=${id}\`.`,
      { cause: error },
    );
  }
  release();
}

async function leave(hosts: readonly StartedHost[], release: () => void): Promise<void> {
  for (const { attachment } of hosts) attachment.detach();
  release();
}

function whereabouts(name: string, hosts: readonly StartedHost[]): string[] {
  const containers = hosts.map((host) => host.container);
  return [
    ...containers.map((container) => `docker exec -it ${container} bash`),
    `docker rm -f ${containers.join(" ")} && docker network rm ${name}   # they stay until you do`,
  ];
}

function failedLab(error: unknown): FinwaitError {
  if (error instanceof FinwaitError) return error;
  const reason = reasonOf(error);
  const sysctl = /\/proc\/sys\/(net\/\S+?): no such file/.exec(reason)?.[1]?.replaceAll("/", ".");
  if (sysctl !== undefined) {
    return new FinwaitError(
      "FINWAIT_CAPABILITY_MISSING",
      `needs the sysctl ${sysctl}, which the engine's kernel lacks`,
      {
        cause: error,
      },
    );
  }
  return new FinwaitError(
    "FINWAIT_LAB_FAILED",
    `The Docker lab could not be opened: ${reason}. ` +
      "See that the engine's machine allows the lab's sysctls and nofile, and what `finwait doctor` says.",
    { cause: error },
  );
}
