import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, isRunning } from "../support/processes.ts";

const cli = new URL("../../dist/cli.mjs", import.meta.url).pathname;
const servers = new URL("../fixtures/servers/", import.meta.url).pathname;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "finwait-leak-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** `finwait leak` as a user runs it; resolves however it ends. */
function leak(
  args: readonly string[],
  { cwd = servers, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
) {
  const own = { reject: false, stdin: "ignore", timeout: 100_000, cwd, env: { COLUMNS: "100", ...env } } as const;
  return execa(process.execPath, [cli, "leak", ...args], own);
}

/** A program in a folder of its own. */
async function program(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

/** What is written over several lines, as one. */
const flat = (text: string) => text.replaceAll(/\s+/g, " ");

const leaky = "06-upgrade-by-hand/leaky.mjs";
const http = `import { createServer } from "node:http";
process.title = process.argv[2] ?? process.title;
createServer((_request, response) => response.end("hello\\n")).listen(0, process.env.HOST);
`;

describe("finwait leak", { timeout: 120_000 }, () => {
  test("says in a line that a healthy program leaks nothing, and what was tried; ends with 0", async () => {
    const { stdout, exitCode } = await leak(["--", "node", await program("http.mjs", http)]);
    expect(flat(stdout)).toMatch(
      /✓ no leak node \S+http\.mjs at 10\.77\.0\.2:\d+ over HTTP: \d+ connections in 21 manners/,
    );
    expect(stdout).toMatch(/the stop: ended \d+ ms after SIGTERM/);
    expect(exitCode).toBe(0);
  });

  test("says of a leak its cause, state, manners, line of JavaScript, mend and evidence, and foretells EMFILE; ends with 1", async () => {
    const [json, junit] = [join(folder, "leak.json"), join(folder, "leak.xml")];
    const files = ["--json", json, "--junit", junit];
    const { stdout, exitCode } = await leak(["--grace", "2s", "--nofile", "256", ...files, "--", "node", leaky]);
    const text = flat(stdout);
    expect(exitCode, stdout).toBe(1);
    expect(text).toContain("the peer has closed, the program has not");
    expect(text).toContain("state CLOSE-WAIT, Recv-Q 0, Send-Q 0");
    expect(text).toContain("3 of 3 connections: upgrade: half-close, then wait");
    expect(text).toContain("06-upgrade-by-hand/chat.mjs");
    expect(text).toContain("usual mend Call socket.end()");
    expect(text).toMatch(/ss CLOSE-WAIT 0 0 \[::ffff:10\.77\.0\.2\]:\d+/);
    const [, open = "", left = ""] =
      /node \(pid \d+\) has (\d+) of 256 descriptors open: after about (\d+) more connections like "upgrade:/.exec(
        text,
      ) ?? [];
    expect(Number(open) + Number(left)).toBe(256);
    expect(text).not.toContain("sockets: the program");
    const stored = JSON.parse(await readFile(json, "utf8"));
    expect(stored).toMatchObject({ format: "finwait-leak/1", spoken: ["http", "upgrade"], undecided: 0 });
    expect(stored.leaked.every(({ cause }: { cause: string }) => cause === "not-closed")).toBe(true);
    expect(await readFile(junit, "utf8")).toMatch(
      /<testcase [^>]*name="upgrade: orderly close">\n<failure message="3 sockets/,
    );
  });

  test("blames idle connections that keep a program from stopping", async () => {
    const { stdout, exitCode } = await leak([
      "--grace",
      "1s",
      "--stop-within",
      "3s",
      "--",
      "node",
      "10-http-stop/leaky.mjs",
    ]);
    expect(flat(stdout)).toContain("1 of 1 connection: connected, and never asked for anything");
    expect(flat(stdout)).toContain("the stop: no longer listens, and still runs 3 s after SIGTERM");
    expect(exitCode).toBe(1);
  });

  test("drives from its own host what listens for its own machine only", async () => {
    const file = await program("http.mjs", http);
    const { stdout, exitCode } = await leak(["--", "node", file], { env: { HOST: "::1" } });
    expect(flat(stdout)).toMatch(/✓ no leak .* at \[::1\]:\d+ over HTTP/);
    expect(stdout).toContain("it was driven from there");
    expect(exitCode).toBe(0);
  });

  test("takes what follows the program for the program's own", async () => {
    const file = await program("args.mjs", `console.error(process.argv.slice(2).join(" ")); process.exitCode = 7;`);
    const { stderr, exitCode } = await leak(["node", file, "--port", "1", "--verbose"]);
    expect(stderr).toContain("exited with code 7 before it listened");
    expect(stderr).toContain("--port 1 --verbose");
    expect(exitCode).toBe(3);
  });

  test.each([
    ["exits", ["node", "targets/exits-at-once.mjs"], "exited with code 3 before it listened on any port. The last"],
    ["never listens", ["node", "targets/never-listens.mjs"], "listened on no TCP port within 1 s"],
    ["listens on a Unix socket", ["node", "targets/unix-socket-only.mjs"], "listens on the Unix socket /"],
    ["is not there", ["no-such-program"], 'there is no program "no-such-program"'],
  ])("a program that %s is told with its last words; ends with 3", async (_what, command, said) => {
    const { stderr, exitCode } = await leak(["--start-within", "1s", "--", ...command]);
    expect(flat(stderr)).toContain(said);
    expect(stderr).toContain("FINWAIT_SUBJECT_FAILED");
    expect(exitCode).toBe(3);
  });

  test("a program that a peer's reset ends is told with the manner that did it", async () => {
    const echo = `import { createServer } from "node:net"; createServer((socket) => socket.pipe(socket)).listen(0);`;
    const { stderr, exitCode } = await leak(["--", "node", await program("echo.mjs", echo)]);
    expect(flat(stderr)).toMatch(/exited with code 1 while finwait tried "reset.*ECONNRESET/);
    expect(flat(stderr)).toContain("add socket.on('error', …), in particular after 'upgrade' or 'connect'");
    expect(exitCode).toBe(3);
  });

  test("what a program calls itself does not reach the terminal as it is", async () => {
    const title = "\u001b[31mred\u001b]0;own\u0007";
    const file = await program(
      "titled.mjs",
      (await readFile(join(servers, "16-store-never-closes/leaky.mjs"), "utf8"))
        .replace("./", `${servers}16-store-never-closes/`)
        .concat(`process.title = ${JSON.stringify(title)};`),
    );
    const { stdout, exitCode } = await leak(["--grace", "1s", "--", "node", file, title]);
    expect(exitCode).toBe(1);
    expect(stdout.includes("\u001b")).toBe(false);
    expect(stdout.includes("\u0007")).toBe(false);
  });

  test.each([
    [["--grace", "5", "--", "node", "x"], "--grace takes a duration"],
    [["--port", "http", "--", "node", "x"], "--port takes a whole number"],
    [["--path", "health", "--", "node", "x"], "--path begins with a slash"],
    [["--protocol", "quic", "--", "node", "x"], "Allowed choices are"],
    [[], "missing required argument"],
  ])("a wrong command line ends with 2: %s", async (args, said) => {
    const { stderr, stdout, exitCode } = await leak(args);
    expect(stderr).toContain(said);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  test.each(["SIGINT", "SIGKILL"] as const)(
    "%s leaves nothing running, a program that ignores SIGTERM included",
    async (signal) => {
      const deaf = `for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => {});\n${http}console.log("ready");`;
      const running = leak(["--verbose", "--", "node", await program("deaf.mjs", deaf)]);
      // The program's own word: it runs, and has its handlers.
      await once(running.stderr, "data");
      const family = childrenOf(running.pid ?? 0);
      running.kill(signal);
      const { exitCode } = await running;
      if (signal === "SIGINT") expect(exitCode).toBe(130);
      await expect.poll(() => family.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    },
  );
});
