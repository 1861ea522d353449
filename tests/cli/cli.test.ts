import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "../../src/claims/catalogue.ts";
import { readRun } from "../../src/report/json/read.ts";
import { agentsOf, childrenOf, isRunning } from "../support/processes.ts";

const cli = new URL("../../dist/cli.mjs", import.meta.url).pathname;
const claim = "half-close/two-states";
/** One with a case that waits longer than 2 s, and others that do not. */
const partlySlow =
  catalogue.find(({ cases }) => new Set(cases.map(({ timerMs = 0 }) => timerMs > 2_000)).size === 2)?.address ?? "";

/** Runs the built command line as a user would; resolves however it ends. */
function finwait(args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [cli, ...args], { reject: false, env, stdin: "ignore", timeout: 60_000 });
}

const isRoot = process.getuid?.() === 0;

/** The same where only this process sees what is mounted: a disk that is full, a machine without an engine. */
function inOwnMounts(mount: string, args: readonly string[]) {
  const shell = ["sh", "-c", `${mount} && exec "$0" "$@"`, process.execPath, cli, ...args];
  return execa("unshare", ["--mount", ...shell], { reject: false, stdin: "ignore", timeout: 60_000 });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "finwait-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));
const file = async (name: string, text: string | Uint8Array) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe("finwait run", () => {
  test("prints a verdict with its conditions, stores the run and the JUnit report, and ends with 0", async () => {
    const [json, junit] = [join(folder, "run.json"), join(folder, "junit.xml")];
    const { exitCode, stdout } = await finwait(["run", claim, "--json", json, "--junit", junit]);
    expect(stdout).toMatch(/conditional +half-close\/two-states/);
    expect(exitCode).toBe(0);
    const stored = readRun(await readFile(json, "utf8"));
    expect(stored.verdicts.map(({ address, verdict }) => [address, verdict])).toEqual([[claim, "conditional"]]);
    expect(stored.claims[0]?.outcomes.every((outcome) => outcome.kind === "tried" && outcome.facts.length > 0)).toBe(
      true,
    );
    expect(await readFile(junit, "utf8")).toContain('name="half-close/two-states"');
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test("--quick leaves out cases that wait longer than 2 s, and says which", async () => {
    const { exitCode, stdout } = await finwait([
      ...["run", "--quick", "keepalive/data-restarts", "close/either-side", "half-close/two-states"],
    ]);
    expect(stdout).toMatch(/left out by --quick, for every case waits longer than 2 s: keepalive\/data-restarts/);
    expect(stdout).toMatch(/^2 claims: /m);
    expect(exitCode, stdout).toBe(0);
  });

  test("--quick tells single cases that it left out with their claim", async () => {
    const { stdout } = await finwait(["run", "--quick", partlySlow]);
    expect(stdout.replace(/\s+/g, " ")).toMatch(/not tried .*left out by --quick: it waits \d+ s/);
    // What was left out may turn it, unless it is conditional already.
    expect(stdout).toMatch(/^(✓ confirmed\?|✗ refuted\?|~ conditional) /m);
  });

  test("--quick with nothing quick to try ends with 2", async () => {
    const { exitCode, stderr } = await finwait(["run", "--quick", "keepalive/data-restarts"]);
    expect(stderr).toContain("--quick leaves nothing to try");
    expect(exitCode).toBe(2);
  });

  test("--pcap keeps what was captured of every case and host, and tcpdump reads it", async () => {
    const captures = join(folder, "captures");
    expect((await finwait(["run", claim, "--pcap", captures])).exitCode).toBe(0);
    const names = await readdir(join(captures, claim));
    const { cases } = catalogue.find(({ address }) => address === claim) ?? { cases: [] };
    expect(names.filter((name) => name.endsWith(".client.pcap"))).toHaveLength(cases.length);
    expect(names.filter((name) => name.endsWith(".server.pcap"))).toHaveLength(cases.length);
    const [first = ""] = names;
    const { stdout } = await execa("tcpdump", ["-n", "-r", join(captures, claim, first)]);
    expect(stdout).toMatch(/Flags \[S\]/);
  });

  test("--pcap where nothing can be written ends with 2", async () => {
    const { exitCode, stderr } = await finwait(["run", claim, "--pcap", "/proc/nowhere"]);
    expect(stderr).toContain('Captures cannot be written to "/proc/nowhere"');
    expect(exitCode).toBe(2);
  });

  test("an unknown address ends with 2 and names the nearest", async () => {
    const { exitCode, stderr, stdout } = await finwait(["run", "half-close/two-sttes"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("half-close/two-states");
    expect(stdout).toBe("");
  });

  test.each([
    ["an option that does not exist", ["run", "--wrong"]],
    ["a driver that does not exist", ["run", "--driver", "vmware"]],
    ["a command that does not exist", ["rnu"]],
    ["nothing at all", []],
  ])("%s ends with 2", async (_what, args) => {
    expect((await finwait(args)).exitCode).toBe(2);
  });

  test.skipIf(!isRoot)("no engine ends with 4, saying what is missing and what mends it", async () => {
    const { exitCode, stderr } = await inOwnMounts("mount -t tmpfs none /run", ["run", claim, "--driver", "docker"]);
    expect(stderr).toMatch(/docker driver cannot work here/);
    expect(stderr).toMatch(/mend it with: /);
    expect(exitCode).toBe(4);
  });

  test("a verdict that differs from the record ends with 1", async () => {
    const expected = await file("expected.txt", `# as somebody believed\n${claim} confirmed\n`);
    const { exitCode, stdout } = await finwait(["run", claim, "--expect", expected]);
    expect(stdout).toContain(`${claim}: expected confirmed, got conditional`);
    expect(exitCode).toBe(1);
  });

  test("what --record writes, --expect takes", async () => {
    const record = join(folder, "record.txt");
    expect((await finwait(["run", claim, "--record", record])).exitCode).toBe(0);
    expect((await finwait(["run", claim, "--expect", record])).exitCode).toBe(0);
  });

  test.each([
    ["a word that is no verdict", `${claim} maybe\n`, "line 1"],
    ["a line cut short", `# fine\n\n${claim}\n`, "line 3"],
    ["bytes that are no text", new Uint8Array([0, 255, 254, 10]), "line 1"],
  ])("a damaged record (%s) ends with 2 and names the line", async (_what, text, line) => {
    const { exitCode, stderr } = await finwait(["run", claim, "--expect", await file("damaged.txt", text)]);
    expect(stderr).toContain(line);
    expect(exitCode).toBe(2);
  });

  test.each([
    ["nothing", "", "expects nothing"],
    ["only other claims", "close/no-loss conditional\n", "expects nothing"],
    ["a claim that is none", "cose/typo confirmed\n", "cose/typo"],
  ])("a record that holds %s is refused, not passed in silence", async (_what, text, said) => {
    const { exitCode, stderr } = await finwait(["run", claim, "--expect", await file("empty.txt", text)]);
    expect(stderr).toContain(said);
    expect(exitCode).toBe(2);
  });

  test("two reports cannot go to one file", async () => {
    const place = join(folder, "same");
    const { exitCode, stderr } = await finwait(["run", claim, "--json", place, "--junit", place]);
    expect(stderr).toContain("same file");
    expect(exitCode).toBe(2);
  });

  test("a report that is lost after the run is told, beside the verdicts", async () => {
    const { exitCode, stdout, stderr } = await finwait(["run", claim, "--json", "/dev/full"]);
    expect(stdout).toMatch(/conditional +half-close/);
    expect(stderr).toContain("FINWAIT_REPORT_LOST");
    expect(exitCode).toBe(3);
  });

  test("an engine that was named and does not answer is not replaced by another", async () => {
    const named = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };
    const { exitCode, stderr } = await finwait(["run", claim, "--driver", "docker"], named);
    expect(stderr).toContain("unix:///nonexistent/docker.sock");
    expect(exitCode).toBe(4);
    expect((await finwait(["doctor"], named)).stdout).toMatch(/--driver docker cannot work here/);
  });

  test.each([
    ["a folder that is not there", (at: string) => join(at, "no", "run.json")],
    ["a folder", (at: string) => at],
    ["a place that nobody can write", () => "/proc/finwait.json"],
  ])("a report that cannot be written (%s) is told before the run", async (_what, place) => {
    const { exitCode, stderr, stdout } = await finwait(["run", claim, "--json", place(folder)]);
    expect(stderr).toContain("cannot be written");
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  test.skipIf(!isRoot)("a full disk is told before the run", async () => {
    const tiny = "mount -t tmpfs -o size=1m none /mnt";
    const { exitCode, stderr, stdout } = await inOwnMounts(tiny, ["run", claim, "--json", "/mnt/run.json"]);
    expect(stderr).toMatch(/cannot be written.*ENOSPC/);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  test("an agent killed in mid-experiment is an error of that case; the rest goes on; it ends with 3", async () => {
    const running = finwait(["run", "half-close/fin-wait-2-timeout", claim]);
    const agents = await agentsOf(running.pid ?? 0, "tcp_fin_timeout=1");
    process.kill(agents[0] ?? 0, "SIGKILL");
    const { stdout, exitCode } = await running;
    expect(stdout).toMatch(/error +half-close\/fin-wait-2-timeout/);
    expect(stdout).toMatch(/conditional +half-close\/two-states/);
    expect(stdout).toMatch(/FINWAIT_AGENT_EXITED: Agent on host "(client|server)"/);
    expect(exitCode).toBe(3);
  });

  test("Ctrl-C ends it at once with 130, tells what was seen, and leaves no process", async () => {
    const running = finwait(["run", "keepalive/data-restarts", claim]);
    const pid = running.pid ?? 0;
    // The quick claim's verdict: both labs are open then, and the other claim waits for its minute.
    await once(running.stdout, "data");
    const family = childrenOf(pid);
    expect(family.length).toBeGreaterThan(4);
    running.kill("SIGINT");
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(130);
    expect(stdout).toContain("interrupted: 1 of 2 claims have no verdict");
    await expect.poll(() => family.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  });
});

describe("finwait's other commands", () => {
  test("list shows every claim with its statement", async () => {
    const { stdout, exitCode } = await finwait(["list", "half-close"]);
    expect(stdout).toMatch(/half-close\/two-states +A half-closed connection/);
    expect(exitCode).toBe(0);
  });

  test("explain shows statement in both languages, sources, cases, evidence and the ladder", async () => {
    const { stdout, exitCode } = await finwait(["explain", claim]);
    for (const part of ["A half-closed connection", "半关闭", "RFC 9293", "§3.6", "✗ claims", "sk:", "FIN-WAIT-2 ┤"]) {
      expect(stdout).toContain(part);
    }
    expect(exitCode).toBe(0);
  });

  test("explain takes one claim, not a topic", async () => {
    const { stderr, exitCode } = await finwait(["explain", "half-close"]);
    expect(stderr).toContain("several claims");
    expect(exitCode).toBe(2);
  });

  test("doctor says what each driver can do here", async () => {
    const { stdout, exitCode } = await finwait(["doctor"]);
    expect(stdout).toMatch(/--driver netns works/);
    expect(stdout).toMatch(/--driver docker/);
    expect(exitCode).toBe(0);
  });

  test("what cannot be printed is an error", async () => {
    const { exitCode, stderr } = await execa("sh", ["-c", `"$0" "$1" list >/dev/full`, process.execPath, cli], {
      reject: false,
    });
    expect(stderr).toContain("could not be written");
    expect(exitCode).toBe(3);
  });

  test("a closed pipe is no error", async () => {
    const { exitCode } = await execa("sh", ["-c", `"$0" "$1" list | head -1`, process.execPath, cli], {
      reject: false,
    });
    expect(exitCode).toBe(0);
  });
});
