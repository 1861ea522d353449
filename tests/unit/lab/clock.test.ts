import { spawn } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { agentFile } from "../../../src/lab/agent/file.ts";
import type { DrivenHost } from "../../../src/lab/driver/driver.ts";
import { Host } from "../../../src/lab/host.ts";
import { clockFrom } from "../../../src/model/time.ts";

const epoch = process.hrtime.bigint();
const clock = clockFrom(epoch);
const agents = new Set<() => void>();
afterEach(() => {
  for (const end of agents) end();
  agents.clear();
});

/** A real agent whose clock counts from another moment, as one behind a remote engine's does. */
function agentAhead(byNs: bigint): DrivenHost {
  const child = spawn(process.execPath, [agentFile(), "--epoch", String(epoch - byNs)], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  agents.add(() => child.stdin.end());
  const exited = new Promise<string>((resolve) => child.once("exit", (code) => resolve(`exited with code ${code}`)));
  return {
    name: "far",
    isRoot: true,
    addresses: { v4: "127.0.0.1", v6: "::1" },
    input: child.stdin,
    output: child.stdout,
    exited,
    stderrTail: () => "",
  };
}

test.each([
  ["five seconds ahead", 5_000_000_000n],
  ["an hour behind", -3_600_000_000_000n],
  ["the harness's own", 0n],
])("what an agent stamps stands on the harness's clock, its own being %s", async (_how, byNs) => {
  const host = await Host.greet(agentAhead(byNs), () => clock.now());
  const before = clock.now();
  const answered = await host.link.request("ping", {});
  const snapshot = await host.snapshots.take([1]);
  const after = clock.now();
  const slackNs = host.clockUncertaintyNs;
  for (const at of [answered.at, snapshot.at]) {
    expect(at).toBeGreaterThan(before - slackNs);
    expect(at).toBeLessThan(after + slackNs);
  }
  expect(host.clockUncertaintyNs > 0).toBe(byNs !== 0n);
  expect(snapshot.uncertaintyNs).toBeGreaterThan(host.clockUncertaintyNs);
});
