import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { getContainerRuntimeClient } from "testcontainers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { docker } from "../../../../src/lab/driver/docker/docker.ts";
import type { Engine } from "../../../../src/lab/driver/docker/engine.ts";
import { hostImage } from "../../../../src/lab/driver/docker/image.ts";
import { labels, session } from "../../../../src/lab/driver/docker/labels.ts";
import { removeLabelled, sweepLeftovers } from "../../../../src/lab/driver/docker/leftovers.ts";
import { describeMissingEngine, findEngine } from "../../../../src/lab/driver/docker/locate.ts";
import { formatOwner, thisOwner } from "../../../../src/lab/driver/docker/owner.ts";

const search = await findEngine("/_ping");
const missing = search.found ? undefined : describeMissingEngine(search.tried).detail;
const spec = { hosts: ["client", "server"], sysctls: {}, epoch: process.hrtime.bigint() };
let engine: Engine;

beforeAll(async () => {
  if (missing && process.env.FINWAIT_REQUIRE_DOCKER === "1")
    throw new Error(`FINWAIT_REQUIRE_DOCKER=1, but ${missing}`);
  if (missing) return;
  const client = await getContainerRuntimeClient();
  engine = client.container.dockerode;
  await hostImage(client);
}, 300_000);

beforeEach((context) => context.skip(missing !== undefined, `needs a Docker engine: ${missing}`));

async function countLabelled(label: string): Promise<number> {
  const filters = { label: [label] };
  const [containers, networks] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
  ]);
  return containers.length + networks.length;
}

async function startHarness(): Promise<{ child: ChildProcess; label: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./harness.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [session] = await once(createInterface({ input: child.stdout }), "line");
  return { child, label: `${labels.session}=${session}` };
}

describe("nothing is left", () => {
  test.for(["SIGKILL", "SIGINT", "SIGTERM"] as const)("when the harness dies of %s", async (signal) => {
    const { child, label } = await startHarness();
    expect(await countLabelled(label)).toBe(3);
    child.kill(signal);
    await vi.waitFor(async () => expect(await countLabelled(label)).toBe(0), { timeout: 15_000, interval: 100 });
  });

  test("when a host does not start", async () => {
    await expect(docker.open({ ...spec, sysctls: { "net.ipv4.no_such_thing": 1 } })).rejects.toMatchObject({
      code: "FINWAIT_CAPABILITY_MISSING",
      message: expect.stringContaining("net.ipv4.no_such_thing"),
    });
    expect(await countLabelled(`${labels.session}=${session}`)).toBe(0);
  });

  test("when a lab is disposed twice, at once, with a container gone already", async () => {
    const lab = await docker.open(spec);
    const id = /finwait-([0-9a-f]+)/.exec(lab.whereabouts(new Map())[0] ?? "")?.[1];
    const [container] = await engine.listContainers({ filters: { label: [`${labels.lab}=${id}`] } });
    await engine.getContainer(container?.Id ?? "").remove({ force: true });
    await Promise.all([lab[Symbol.asyncDispose](), lab[Symbol.asyncDispose]()]);
    expect(await countLabelled(`${labels.lab}=${id}`)).toBe(0);
  });

  test("of a harness that died together with its watchdog, once another lab is opened", async () => {
    const dead = formatOwner({ ...thisOwner(), startedAt: "1" });
    await engine.createNetwork({ Name: "finwait-test-leftover", Labels: { [labels.owner]: dead, test: "dead" } });
    await sweepLeftovers(engine);
    expect(await countLabelled("test=dead")).toBe(0);
  });
});

test("a kept lab stays, with its agents, until a person removes it", async () => {
  const lab = await docker.open({ ...spec, keep: true });
  const [inside = "", removal = ""] = [lab.whereabouts(new Map())[0], lab.whereabouts(new Map()).at(-1)];
  const id = /finwait-([0-9a-f]+)/.exec(inside)?.[1];
  try {
    await lab[Symbol.asyncDispose]();
    await sweepLeftovers(engine);
    expect(inside).toBe(`docker exec -it finwait-${id}-1-client bash`);
    expect(removal).toContain(`docker network rm finwait-${id}`);
    const running = await engine.listContainers({ filters: { label: [`${labels.lab}=${id}`] } });
    expect(running.map(({ State }) => State)).toEqual(["running", "running"]);
  } finally {
    await removeLabelled(engine, `${labels.lab}=${id}`);
  }
});

test("a host may do no more than its faults and captures need", async () => {
  await using lab = await docker.open({ ...spec, nofile: 512 });
  const id = /finwait-([0-9a-f]+)/.exec(lab.whereabouts(new Map())[0] ?? "")?.[1];
  const containers = await engine.listContainers({ filters: { label: [`${labels.lab}=${id}`] } });
  const details = await Promise.all(containers.map(({ Id }) => engine.getContainer(Id).inspect()));
  for (const { HostConfig, NetworkSettings } of details) {
    expect(HostConfig).toMatchObject({
      Privileged: false,
      CapDrop: ["ALL"],
      CapAdd: ["NET_ADMIN", "NET_RAW", "SETGID"],
      SecurityOpt: ["no-new-privileges:true"],
      Ulimits: [{ Name: "nofile", Soft: 512, Hard: 512 }],
    });
    expect(NetworkSettings.Ports).toEqual({});
  }
});
