import pRetry from "p-retry";
import { type Engine, statusOf } from "./engine.ts";
import { labels } from "./labels.ts";
import { fateOf, lookAtProcess, parseOwner, thisOwner } from "./owner.ts";

/** Something of finwait's in the engine, as a listing shows it. */
export interface Leftover {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
  readonly createdMs: number;
}

/** What cannot be told from a live lab of another machine is left alone for this long. */
const strangerAgeMs = 60 * 60_000;

/** Removes every container and network with that label; resolves with how many there were, once they are gone. */
export async function removeLabelled(engine: Engine, label: string): Promise<number> {
  const found = await listLabelled(engine, label);
  await removeAll(engine, found);
  return found.length;
}

/** Removes what harnesses left that were killed together with their watchdog, or with the machine. */
export async function sweepLeftovers(engine: Engine): Promise<void> {
  const here = thisOwner();
  const fates = new Map<string, "alive" | "dead" | "unknown">();
  const all = await listLabelled(engine, labels.owner);
  for (const { labels: own } of all) {
    const text = own[labels.owner] ?? "";
    const owner = parseOwner(text);
    if (!fates.has(text)) fates.set(text, owner ? fateOf(owner, here, lookAtProcess) : "unknown");
  }
  await removeAll(
    engine,
    stale(all, (owner) => fates.get(owner) ?? "unknown", Date.now()),
  );
}

/**
 * Chooses what nobody uses any more. An owner that cannot be seen from here is taken for dead when none of its containers
 * runs (an agent ends with its harness) and the thing is old enough not to belong to a lab that is just being opened.
 */
export function stale(
  all: readonly Leftover[],
  fate: (owner: string) => "alive" | "dead" | "unknown",
  nowMs: number,
): Leftover[] {
  const ownerOf = (leftover: Leftover) => leftover.labels[labels.owner] ?? "";
  const running = new Set(all.filter((leftover) => leftover.running).map(ownerOf));
  return all.filter((leftover) => {
    if (leftover.labels[labels.keep] === "true") return false;
    const owner = ownerOf(leftover);
    if (fate(owner) !== "unknown") return fate(owner) === "dead";
    return !running.has(owner) && nowMs - leftover.createdMs > strangerAgeMs;
  });
}

async function listLabelled(engine: Engine, label: string): Promise<Leftover[]> {
  const filters = { label: [label] };
  const [containers, networks] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
  ]);
  return [
    ...containers.map((container) => ({
      kind: "container" as const,
      id: container.Id,
      labels: container.Labels,
      running: container.State === "running",
      createdMs: container.Created * 1000,
    })),
    ...networks.map((network) => ({
      kind: "network" as const,
      id: network.Id,
      labels: network.Labels ?? {},
      running: false,
      createdMs: Date.parse(network.Created),
    })),
  ];
}

async function removeAll(engine: Engine, leftovers: readonly Leftover[]): Promise<void> {
  const idsOf = (kind: Leftover["kind"]) => leftovers.filter((one) => one.kind === kind).map((one) => one.id);
  await Promise.all(idsOf("container").map((id) => removeContainer(engine, id)));
  await Promise.all(idsOf("network").map((id) => removeNetwork(engine, id)));
}

async function removeContainer(engine: Engine, id: string): Promise<void> {
  const container = engine.getContainer(id);
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    // 409: AutoRemove came first and is at it.
    if (statusOf(error) === 409) await container.wait({ condition: "removed" }).catch(unless404);
    else unless404(error);
  }
}

async function removeNetwork(engine: Engine, id: string): Promise<void> {
  await pRetry(() => engine.getNetwork(id).remove().catch(unless404), {
    retries: 8,
    minTimeout: 25,
    // 403: a container that has just gone may hold its endpoint a moment longer.
    shouldRetry: ({ error }) => statusOf(error) === 403,
  });
}

function unless404(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}
