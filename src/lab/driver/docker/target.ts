import type { ContainerRuntimeClient } from "testcontainers";
import { FinwaitError } from "../../../model/errors.ts";
import { statusOf } from "./engine.ts";

/** What is asked of the engine about somebody's container. */
export interface Target {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Running: boolean;
    readonly Status: string;
    /** As the engine's machine numbers it. */
    readonly Pid: number;
    readonly StartedAt: string;
  };
  readonly Config: { readonly Image: string };
  readonly HostConfig: { readonly NetworkMode?: string | undefined; readonly PidMode?: string | undefined };
}

const longestList = 10;

/** @throws FINWAIT_USAGE for a name that no container has, FINWAIT_SUBJECT_GONE for one that does not run. */
export async function requireRunning(client: ContainerRuntimeClient, nameOrId: string): Promise<Target> {
  const target = nameOrId === "" ? undefined : await inspect(client, nameOrId);
  if (target === undefined) {
    throw new FinwaitError("FINWAIT_USAGE", `There is no container "${nameOrId}"; ${await running(client)}.`);
  }
  if (!target.State.Running) throw goneError(target, `is not running (${target.State.Status})`);
  return target;
}

/** @throws FINWAIT_SUBJECT_GONE when it does not run any more, or has been started anew since. */
export async function requireSame(client: ContainerRuntimeClient, before: Target): Promise<void> {
  const now = await inspect(client, before.Id);
  if (now === undefined) throw goneError(before, "has been removed");
  if (!now.State.Running) throw goneError(before, `has stopped (${now.State.Status})`);
  if (now.State.StartedAt !== before.State.StartedAt) throw goneError(before, "has been started anew");
}

export function nameOf({ Name }: Target): string {
  return Name.replace(/^\//, "");
}

async function inspect(client: ContainerRuntimeClient, nameOrId: string): Promise<Target | undefined> {
  try {
    return await client.container.dockerode.getContainer(nameOrId).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function running(client: ContainerRuntimeClient): Promise<string> {
  const names = (await client.container.dockerode.listContainers()).flatMap(({ Names }) => Names.slice(0, 1));
  if (names.length === 0) return "none is running";
  const shown = names.slice(0, longestList).map((name) => name.replace(/^\//, ""));
  return `running are ${shown.join(", ")}${names.length > longestList ? " and others" : ""}`;
}

function goneError(target: Target, how: string): FinwaitError {
  return new FinwaitError(
    "FINWAIT_SUBJECT_GONE",
    `Container ${nameOf(target)} ${how}. Start it, and look again while it runs.`,
  );
}
