import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { openMachineSource } from "../src/leak/sources/machine.ts";
import { slimRow } from "../src/leak/watch/slim.ts";
import { readTotals } from "../src/leak/watch/totals.ts";
import { looking } from "../src/leak/watch/watch.ts";
import type { WatchReading } from "../src/model/watch.ts";
import { median, milliseconds, type Row } from "./table.ts";
import { HeldCrowd } from "./watch-crowd.ts";

// Started by bench/watch.ts in namespaces that are its own; prints rows as JSON.
const sockets = Number(process.argv[3] ?? 100_000);
const leaking = sockets / 20;
const rounds = 21;
const readings = Number(process.argv[2] ?? 3_600);
const cli = new URL("../dist/cli.mjs", import.meta.url).pathname;

execFileSync("ip", ["link", "set", "lo", "up"]);
writeFileSync("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
// The ends that are closed would be listed for a minute, as FIN-WAIT-2 without a descriptor.
writeFileSync("/proc/sys/net/ipv4/tcp_fin_timeout", "1");

await using crowd = await HeldCrowd.open(sockets);
await using source = await openMachineSource({ keep: slimRow });
const look = looking(source, { totals: () => readTotals() });

const [bare, healthy] = await repeated(() => promisify(execFile)("ss", ["-Htn", "state", "close-wait"]), look);
const memory = await watchedMemory(readings);
await crowd.leak(leaking);
const held = await untilSettled();
const [named] = await repeated(async () => checked(await look()));
const memoryLeaking = await watchedMemory(Math.ceil(readings / 20));

const times = (healthy / bare).toFixed(2);
const figures: readonly Row[] = [
  {
    figure: `one \`watch\` reading, ${sockets} sockets held, none leaking, median of ${rounds}`,
    measured: `${milliseconds(healthy)}, ${times} × bare \`ss\` (${milliseconds(bare)})`,
    atMost: "1.3 × bare `ss -Htn state close-wait`",
  },
  { figure: `the same, ${held} leaking, owners named`, measured: milliseconds(named), atMost: "1000 ms" },
  { figure: `memory of \`watch\` with ${sockets} sockets held`, measured: memory, atMost: "120 MB, flat" },
  { figure: `the same, ${held} leaking`, measured: memoryLeaking, atMost: "120 MB, flat" },
];
process.stdout.write(JSON.stringify(figures));

type Action = () => Promise<unknown>;

/** The median time of each, in turns: what else the machine does is shared fairly. */
async function repeated<const Actions extends readonly Action[]>(...actions: Actions) {
  const durations = actions.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, action] of actions.entries()) {
      const begun = performance.now();
      await action();
      durations[index]?.push(performance.now() - begun);
    }
  }
  return durations.map(median) as { readonly [Index in keyof Actions]: number };
}

/** What a reading must have seen; a fast one that saw nothing would be no figure. */
function checked({ suspects, groups }: WatchReading): void {
  const owned = groups.reduce((sum, { pid, count }) => sum + (pid === undefined ? 0 : count), 0);
  if (suspects.count !== held || owned !== held) {
    throw new Error(`${suspects.count} of ${held} suspects were seen, ${owned} of them with an owner`);
  }
}

/** Until the closed ends are gone, so that they are not part of what is listed; how many are in CLOSE-WAIT then. */
async function untilSettled(): Promise<number> {
  const list = (state: string) => execFileSync("ss", ["-Htn", "state", state], { encoding: "utf8" });
  const deadline = performance.now() + 30_000;
  while (list("fin-wait-2") !== "") {
    if (performance.now() > deadline) throw new Error("closed ends stay in FIN-WAIT-2");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return list("close-wait").trimEnd().split("\n").length;
}

/** The command line as users run it, reading as often as it can: its resident memory early, half-way and at the end. */
async function watchedMemory(most: number): Promise<string> {
  const child = spawn(process.execPath, [cli, "watch", "--every", "10ms", "--ndjson"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const marks = [Math.ceil(most / 10), Math.ceil(most / 2), most];
  const seen: number[] = [];
  let count = 0;
  for await (const _line of createInterface(child.stdout)) {
    count += 1;
    if (marks.includes(count)) seen.push(residentMb(child.pid ?? 0));
    if (count >= most) break;
  }
  child.kill("SIGINT");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return `${seen.map((mb) => `${mb} MB`).join(", ")} after ${marks.join(", ")} readings`;
}

function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round((Number(kib) * 1024) / 1e6);
}
