import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { findLeaks } from "../../src/leak/find-leaks.ts";
import { describeLeaks } from "../../src/report/leak/describe-leaks.ts";
import "../../src/matchers/vitest.ts";
import { failureOf } from "./failure.ts";
import { serve } from "./servers.ts";

const grace = 300;

describe("toLeakNoSockets", () => {
  test("is met by a server that closes, given as a process or a pid, at once", async () => {
    await using server = await serve("closes");
    const client = await server.meet();
    await once(client, "close");
    const before = performance.now();
    await expect(server.child).toLeakNoSockets({ grace: 20_000 });
    await expect(server.pid).toLeakNoSockets({ grace: 20_000 });
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test("is met by one that is open in both directions, and by one that closes late", async () => {
    await using server = await serve("closes late");
    await server.meet({ ends: false });
    await expect(server.child).toLeakNoSockets({ grace });
    await server.meet();
    await expect(server.child).toLeakNoSockets({ grace: 10_000 });
  });

  test("fails with the socket, its holder, its age, what it means and what mends it", async () => {
    await using server = await serve("never closes");
    const client = await server.meet();
    const message = await failureOf(expect(server.child).toLeakNoSockets({ grace }));
    expect(message).toMatch(/^No sockets were to leak\.\nprocess \d+ \(\S+\) leaks 1 socket \(grace 300 ms/);
    expect(message).toContain("1 socket: the peer has closed, the program has not");
    expect(message).toMatch(
      new RegExp(`^  CLOSE-WAIT 0 0 127\\.0\\.0\\.1:${server.port} 127\\.0\\.0\\.1:${client.localPort} `, "m"),
    );
    expect(message).toMatch(new RegExp(`for \\d+ ms or longer, held by \\S+ \\(pid ${server.pid}, fd \\d+\\)`));
    expect(message).toMatch(/^ {2}meaning {2}The other side said that it is done/m);
    expect(message).toMatch(/^ {2}mend {5}Call socket\.end\(\)/m);
    await expect(server.child).not.toLeakNoSockets({ grace });
  });

  test.each([
    ["never reads", "the peer has closed, the program does not read", true],
    ["ends and waits", "the program has ended, and waits for the peer to do so too", false],
  ] as const)("names the cause of a server that %s", async (behaviour, title, ends) => {
    await using server = await serve(behaviour);
    await server.meet({ ends });
    expect(await failureOf(expect(server.pid).toLeakNoSockets({ grace }))).toContain(`1 socket: ${title}`);
  });

  test("with .not fails when nothing leaks", async () => {
    await using server = await serve("closes");
    expect(await failureOf(expect(server.child).not.toLeakNoSockets({ grace }))).toMatch(
      /^Sockets were to leak, but none does\.\nprocess \d+ \(\S+\) leaks no sockets/,
    );
  });

  test("finds the leaks of a child process of the target", async () => {
    await using server = await serve("never closes");
    await server.meet();
    expect(await failureOf(expect(process).toLeakNoSockets({ grace }))).toContain(`(pid ${server.pid}, fd `);
  });

  test("is an error, with and without .not, when there is nothing to look at", async () => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    await expect(expect(child.pid).toLeakNoSockets({ grace })).rejects.toMatchObject({ code: "FINWAIT_SUBJECT_GONE" });
    await expect(expect(child.pid).not.toLeakNoSockets({ grace })).rejects.toMatchObject({
      code: "FINWAIT_SUBJECT_GONE",
    });
    const never = spawn("/nonexistent/program");
    never.on("error", () => {});
    await expect(expect(never).not.toLeakNoSockets()).rejects.toMatchObject({
      code: "FINWAIT_USAGE",
      message: expect.stringContaining("no pid"),
    });
    await expect(expect("server").toLeakNoSockets()).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 0]) {
      await expect(expect(process).toLeakNoSockets({ grace: wrong })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
    }
    // @ts-expect-error its name is `grace`
    await expect(expect(1).toLeakNoSockets({ graceMs: 3 })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
  });
});

test("findLeaks and describeLeaks say the same without vitest", async () => {
  await using server = await serve("never closes");
  await server.meet();
  const report = await findLeaks(server.child, { graceMs: grace });
  expect(report.leaked).toMatchObject([{ cause: "not-closed", holders: [{ pid: server.pid }] }]);
  expect(describeLeaks(report)).toContain("1 socket: the peer has closed, the program has not");
});
