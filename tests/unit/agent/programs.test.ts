import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AgentUnderTest } from "./agent-process.ts";
import { runtimesUnderTest } from "./runtimes.ts";

for (const runtime of runtimesUnderTest()) {
  describe.skipIf(runtime.missing !== undefined)(
    `programs on ${runtime.name}${runtime.missing ? `: ${runtime.missing}` : ""}`,
    () => {
      test("a started program's output comes as it is written, its end after all of it", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        const script = "echo out; echo err >&2; head -c 300000 /dev/zero; exit 3";
        const { pid } = await agent.ok("start", { program: "p", command: "sh", args: ["-c", script] });
        expect(pid).toBeGreaterThan(0);
        expect(await agent.notice("programExit")).toMatchObject({ program: "p", exitCode: 3, signal: null });
        const out = outputOf(agent, "p", "stdout");
        expect(out.subarray(0, 4).toString()).toBe("out\n");
        expect(out).toHaveLength(4 + 300_000);
        expect(outputOf(agent, "p", "stderr").toString()).toBe("err\n");
        expect(agent.notices.at(-1)).toMatchObject({ notice: "programExit" });
      });

      test("what a program is fed it reads, in order", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        await agent.ok("start", { program: "p", command: "cat", args: [], input: true });
        await Promise.all(["one ", "two ", "three\n"].map((text) => agent.ok("feed", { program: "p", text })));
        await agent.notice("output", () => outputOf(agent, "p", "stdout").toString() === "one two three\n");
      });

      test("a program without input reads an end at once", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        await agent.ok("start", { program: "p", command: "cat", args: [] });
        expect(await agent.notice("programExit")).toMatchObject({ exitCode: 0, signal: null });
      });

      test("a signal reaches the program, and its name is free once it has ended", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        await agent.ok("start", { program: "p", command: "sleep", args: ["60"] });
        expect(await agent.errorOf("start", { program: "p", command: "true", args: [] })).toMatchObject({
          code: "BAD_PARAMETER",
        });
        expect((await agent.errorOf("signal", { program: "p", signal: "SIGNOTHING" })).code).toMatch(
          /ERR_UNKNOWN_SIGNAL|TypeError/,
        );
        await agent.ok("signal", { program: "p", signal: "SIGTERM" });
        expect(await agent.notice("programExit")).toMatchObject({ exitCode: null, signal: "SIGTERM" });
        expect(await agent.errorOf("signal", { program: "p", signal: "SIGTERM" })).toMatchObject({
          code: "NO_SUCH_PROGRAM",
        });
        expect(await agent.errorOf("feed", { program: "p", text: "" })).toMatchObject({ code: "NO_SUCH_PROGRAM" });
        await agent.ok("start", { program: "p", command: "true", args: [] });
      });

      test("a program that is not there is refused, and takes no name", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        const missing = { program: "p", command: "no-such-program", args: [] };
        expect(await agent.errorOf("start", missing)).toMatchObject({ code: "ENOENT" });
        expect(await agent.errorOf("start", missing)).toMatchObject({ code: "ENOENT" });
        expect(agent.notices.filter(({ notice }) => notice === "programExit")).toEqual([]);
      });

      test("a released program ends, and nothing more is told of it", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        const start = (program: string) =>
          agent.ok("start", { program, command: "sh", args: ["-c", "echo up; exec sleep 60"] });
        const [released, kept] = await Promise.all([start("a/1"), start("b/1")]);
        await agent.notice("output", ({ program }) => program === "a/1");
        await agent.ok("release", { prefix: "a/" });
        await expect.poll(() => isRunning(released.pid), { timeout: 5000 }).toBe(false);
        expect(isRunning(kept.pid)).toBe(true);
        await agent.ok("start", { program: "a/1", command: "true", args: [] });
        expect(await agent.notice("programExit")).toMatchObject({ program: "a/1", exitCode: 0 });
      });

      test("programs end with the agent, however it ends", async () => {
        const agent = await AgentUnderTest.start(runtime);
        const sleeping = await agent.ok("start", { program: "p", command: "sleep", args: ["60"] });
        await agent[Symbol.asyncDispose]();
        await expect.poll(() => isRunning(sleeping.pid), { timeout: 5000 }).toBe(false);
      });

      test("a child's programs are told under its name, and end with it", async () => {
        await using agent = await AgentUnderTest.start(runtime);
        await agent.ok("fork", { child: "a" });
        const { pid } = await agent.ok("start", { program: "p", command: "cat", args: [], input: true }, "a");
        await agent.ok("feed", { program: "p", text: "hello\n" }, "a");
        expect(await agent.notice("output")).toMatchObject({ process: "a", program: "p", stream: "stdout" });
        await agent.ok("kill", { child: "a", signal: "SIGKILL" });
        await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
      });
    },
  );
}

function outputOf(agent: AgentUnderTest, program: string, stream: "stdout" | "stderr"): Buffer {
  return Buffer.concat(
    agent.notices.flatMap((notice) =>
      notice.notice === "output" && notice.program === program && notice.stream === stream
        ? [Buffer.from(notice.base64, "base64")]
        : [],
    ),
  );
}

/** A zombie has no descriptors left. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/fd/0`);
}
