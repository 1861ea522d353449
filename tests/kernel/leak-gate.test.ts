import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type GateOptions, gate } from "../../src/leak/gate/gate.ts";
import type { GateReport } from "../../src/model/leak-gate.ts";
import { notShown, type ServerPair, serverPairs } from "../fixtures/servers/manifest.ts";
import { packageFolders } from "../fixtures/servers/packages.ts";
import { describeOnEveryDriver } from "../support/drivers.ts";

const root = join(import.meta.dirname, "../..");
const servers = "tests/fixtures/servers";
// Every program that mends a socket by a timeout takes at most half a second, if it gets a processor.
const graceMs = 2_000;
const stopWithinMs = 6_000;
// A bound and no expectation: a pair takes 10 s alone, and 90 s in docker on a crowded machine.
const timeout = 240_000;
const installed = packageFolders(root, ["express", "fastify", "ws"]);

test("every case of the field is shown by a pair, or is said not to be a leak of Node's", () => {
  const shown = serverPairs.flatMap(({ cases }) => cases);
  expect(new Set([...shown, ...notShown.keys()])).toEqual(new Set(Array.from({ length: 20 }, (_, index) => index + 1)));
});

describeOnEveryDriver("finwait leak", (driver) => {
  const tryOut = (file: string, options: GateOptions = {}) =>
    gate(["node", `${servers}/${file}`], {
      driver,
      cwd: root,
      copy: [servers, "package.json", ...installed],
      graceMs,
      stopWithinMs,
      ...options,
    });

  describe("tells a leaky program from its healthy twin", { concurrent: true, timeout }, () => {
    test.for(serverPairs)("$folder: $title", async (pair, { expect }) => {
      const { hostile = false } = pair;
      expect(faultsOf(await tryOut(`${pair.folder}/healthy.mjs`, { hostile }))).toEqual([]);
      const leaky = await tryOut(`${pair.folder}/leaky.mjs`, { hostile });
      expect(causesOf(leaky)).toContain(pair.cause);
      expect(causesOf(leaky).filter((cause) => !isExpected(pair, cause))).toEqual([]);
    });
  });

  describe("is right about programs that are out of the ordinary", { concurrent: true, timeout }, () => {
    const env = (added: Readonly<Record<string, string>>) => ({ env: { ...process.env, ...added } });

    test("one that exits at once is no subject, and its last words are told", async ({ expect }) => {
      await expect(tryOut("targets/exits-at-once.mjs")).rejects.toMatchObject({
        code: "FINWAIT_SUBJECT_FAILED",
        message: expect.stringMatching(/exited with code 3.*no configuration: giving up/s),
      });
    });

    test("one that never listens is no subject", async ({ expect }) => {
      await expect(tryOut("targets/never-listens.mjs", { startWithinMs: 1_500 })).rejects.toMatchObject({
        code: "FINWAIT_SUBJECT_FAILED",
        message: expect.stringContaining("no TCP port"),
      });
    });

    test("one that listens on a Unix socket only is told so", async ({ expect }) => {
      await expect(tryOut("targets/unix-socket-only.mjs", { startWithinMs: 1_500 })).rejects.toMatchObject({
        code: "FINWAIT_SUBJECT_FAILED",
        message: expect.stringContaining("app.sock"),
      });
    });

    test("a cluster of two workers is one subject", async ({ expect }) => {
      expect(faultsOf(await tryOut("targets/cluster.mjs"))).toEqual([]);
      const leaky = await tryOut("targets/cluster.mjs", env({ LEAKY: "1" }));
      expect(causesOf(leaky)).toEqual(["not-closed"]);
      expect(new Set(leaky.leaked.flatMap(({ holders }) => holders.map(({ pid }) => pid))).size).toBe(2);
    });

    test.for([
      ["IPv6", "::"],
      ["its own machine", "127.0.0.1"],
      ["its own machine over IPv6", "::1"],
    ] as const)("one that listens for %s only is driven there", async ([, HOST], { expect }) => {
      expect(faultsOf(await tryOut("targets/one-address.mjs", env({ HOST })))).toEqual([]);
      expect(causesOf(await tryOut("targets/one-address.mjs", env({ HOST, LEAKY: "1" })))).toEqual(["not-closed"]);
    });

    test("an event loop that stands still again and again is not taken for a leak", async ({ expect }) => {
      expect(faultsOf(await tryOut("targets/busy.mjs", { graceMs: 4_000 }))).toEqual([]);
    });

    test("Node's own server with a large page has no write time-out, which only a hostile peer finds", async ({
      expect,
    }) => {
      expect(faultsOf(await tryOut("targets/large-page.mjs"))).toEqual([]);
      expect(causesOf(await tryOut("targets/large-page.mjs", { hostile: true }))).toEqual(["not-sent"]);
    });

    test("one that no longer answers is accused of nothing", async ({ expect }) => {
      await expect(tryOut("targets/hangs.mjs", { graceMs: 1_000 })).rejects.toMatchObject({
        code: "FINWAIT_SUBJECT_FAILED",
        message: expect.stringMatching(
          /did not answer for 2(\.\d)? s after the drive, while \d+ sockets? waited.*--grace/s,
        ),
      });
    });

    test("a port that was not driven is told, though it came late", async ({ expect }) => {
      const { notes } = await tryOut("targets/listens-later.mjs");
      expect(notes).toContainEqual(expect.stringMatching(/^listens on (\d+) too, which was not tried: --port \1$/));
    });

    test("a server that answers long after the client's end is not taken for a leak", async ({ expect }) => {
      expect(faultsOf(await tryOut("targets/answers-late.mjs"))).toEqual([]);
    });
  });
});

/** What is held against a program, in words that say enough when a test fails. */
function faultsOf({ leaked }: GateReport): readonly string[] {
  return leaked.map(
    ({ cause, manner, ageMs, row }) => `${cause} after ${manner}, ${Math.round(ageMs)} ms: ${row.line}`,
  );
}

const causesOf = ({ leaked }: GateReport) => [...new Set(leaked.map(({ cause }) => cause))];
const isExpected = ({ cause, besides = [] }: ServerPair, found: string) =>
  [cause, ...besides].some((one) => one === found);
