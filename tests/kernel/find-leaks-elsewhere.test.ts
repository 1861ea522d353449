import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from "testcontainers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hostImage } from "../../src/lab/driver/docker/image.ts";
import { labels, session } from "../../src/lab/driver/docker/labels.ts";
import { describeMissingEngine, findEngine } from "../../src/lab/driver/docker/locate.ts";
import { findLeaks } from "../../src/leak/find-leaks.ts";
import { outlive } from "../../src/leak/outlive.ts";
import { openContainerSource } from "../../src/leak/sources/container.ts";
import { Tracker } from "../../src/leak/tracker.ts";

const graceMs = 1_000;

/** Perl, which the smallest image of Debian has: no Node, no ss. Takes a connection whose other end has gone; keeps it, or not. */
const server = (keeps: boolean) => `use IO::Socket::INET; $| = 1;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 4000) or die $!;
if (fork == 0) { IO::Socket::INET->new("127.0.0.1:4000")->close; exit }
my $kept = $server->accept; wait; <$kept>; ${keeps ? "" : "$kept->close;"} print "ready\\n"; sleep 1000;`;

describe("a process in another network namespace", () => {
  test("is looked at there", async () => {
    const script = `ip link set lo up && exec perl -e '${server(true)}'`;
    const child = spawn("unshare", ["-Urn", "sh", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(createInterface({ input: child.stdout }), "line");
      const { leaked } = await findLeaks(child, { graceMs });
      expect(leaked).toMatchObject([
        { cause: "not-closed", row: { local: { port: 4000 } }, holders: [{ pid: child.pid, process: "perl" }] },
      ]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

const search = await findEngine("/_ping");
const missing = search.found ? undefined : describeMissingEngine(search.tried).detail;

describe("a container whose image has neither ss nor Node", () => {
  const started: StartedTestContainer[] = [];

  beforeAll(async () => {
    if (missing && process.env.FINWAIT_REQUIRE_DOCKER === "1")
      throw new Error(`FINWAIT_REQUIRE_DOCKER=1, but ${missing}`);
    if (!missing) await hostImage(await getContainerRuntimeClient());
  }, 300_000);

  beforeEach((context) => context.skip(missing !== undefined, `needs a Docker engine: ${missing}`));
  afterAll(async () => {
    if (started.length === 0) return;
    const engine = (await getContainerRuntimeClient()).container.dockerode;
    // Also what a test has stopped and left.
    await Promise.all(started.map((container) => engine.getContainer(container.getId()).remove({ force: true })));
  });

  async function start(keeps: boolean, user = "root"): Promise<StartedTestContainer> {
    const container = await new GenericContainer("debian:bookworm-slim")
      .withCommand(["perl", "-e", server(keeps)])
      .withUser(user)
      .withWaitStrategy(Wait.forLogMessage("ready"))
      .start();
    started.push(container);
    return container;
  }

  async function helpers(): Promise<readonly string[]> {
    const filters = { label: [`${labels.session}=${session}`] };
    const engine = (await getContainerRuntimeClient()).container.dockerode;
    return (await engine.listContainers({ all: true, filters })).map(({ Id }) => Id);
  }

  test.for(["root", "nobody"])("leaks are found, with who holds them, of a program that runs as %s", async (user) => {
    const container = await start(true, user);
    const report = await findLeaks(container, { graceMs });
    expect(report.leaked).toMatchObject([
      { cause: "not-closed", row: { local: { port: 4000 } }, holders: [{ pid: 1, process: "perl" }] },
    ]);
    expect(report.blind).toEqual([]);
    expect(report.descriptors).toMatchObject([{ pid: 1, process: "perl" }]);
    expect(report.subject).toBe(`container ${container.getName().replace("/", "")} (debian:bookworm-slim)`);
    expect(await helpers()).toEqual([]);
  });

  test("a healthy one is not accused, and the helper may do no more than it must", async () => {
    const container = await start(false);
    await using source = await openContainerSource(container.getName().replace("/", ""));
    const engine = (await getContainerRuntimeClient()).container.dockerode;
    const [helper = ""] = await helpers();
    const { HostConfig } = await engine.getContainer(helper).inspect();
    expect(HostConfig).toMatchObject({
      Privileged: false,
      CapDrop: ["ALL"],
      CapAdd: ["SYS_PTRACE", "DAC_READ_SEARCH"],
      SecurityOpt: ["no-new-privileges:true"],
      PortBindings: {},
      AutoRemove: true,
    });
    expect(await outlive(source, new Tracker(), { graceMs })).toMatchObject({ leaked: [], undecided: 0 });
  });

  test("one that stops while it is looked at holds nothing, and one that has stopped is not looked at", async () => {
    const container = await start(true);
    await using source = await openContainerSource(container.getId());
    const tracker = new Tracker();
    const looking = outlive(source, tracker, { graceMs: 60_000 });
    await expect.poll(() => tracker.suspects().length, { timeout: 15_000 }).toBe(1);
    await container.stop({ timeout: 0, remove: false });
    expect(await looking).toMatchObject({ subjectEnded: true, leaked: [] });
    await expect(findLeaks(container)).rejects.toMatchObject({ code: "FINWAIT_SUBJECT_GONE" });
  });

  test("`finwait watch --container` names them too", async () => {
    const container = await start(true);
    const name = container.getName().replace("/", "");
    const watch = ["watch", "--container", name, "--every", "200ms", "--for", "60s", "--fail", "close-wait.age > 1s"];
    const cli = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
    const { exitCode, stdout } = await execa(process.execPath, [cli, ...watch], { reject: false });
    expect(stdout).toMatch(/perl \(1\)\s+CLOSE-WAIT\s+1\b/);
    expect(exitCode).toBe(1);
    expect(await helpers()).toEqual([]);
  });

  test("a name no container has is an error that says which are running", async () => {
    await start(false);
    await expect(findLeaks({ container: "no-such-container" })).rejects.toMatchObject({
      code: "FINWAIT_USAGE",
      message: expect.stringMatching(/There is no container "no-such-container"; running are \S+/),
    });
  });
});
