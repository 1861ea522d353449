import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { slowness, splitQuick } from "../src/cli/quick.ts";
import { catalogue, type DriverName, type RunResult, runClaims } from "../src/index.ts";
import { type Row, seconds } from "./table.ts";

const cli = new URL("../dist/cli.mjs", import.meta.url).pathname;
const { quick } = splitQuick(catalogue);
const longestTimerMs = Math.max(...catalogue.flatMap(({ cases }) => cases.map(({ timerMs = 0 }) => timerMs)));

/** From starting the command line to the first verdict it prints, of the whole catalogue. */
export async function measureFirstVerdict(): Promise<Row> {
  const durations: number[] = [];
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    const child = spawn(process.execPath, [cli, "run"], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for await (const _line of createInterface(child.stdout)) {
      durations.push(performance.now() - begun);
      break;
    }
    child.kill("SIGINT");
    await ended;
  }
  const middle = durations.toSorted((a, b) => a - b)[2] ?? Number.NaN;
  return {
    figure: "first verdict after starting the command line, median of 5, netns",
    measured: seconds(middle),
    atMost: "0.8 s",
  };
}

/** `run --quick`: every case that waits no longer than 2 s. */
export async function measureQuick(): Promise<Row> {
  const begun = performance.now();
  await runQuick();
  return {
    figure: `\`run --quick\`, ${quick.length} of ${catalogue.length} claims, netns`,
    measured: seconds(performance.now() - begun),
    atMost: "15 s",
  };
}

/** Everything, against the longest of the kernel's timers that it must wait out. */
export async function measureCatalogue(driver: DriverName, times: number): Promise<Row> {
  const begun = performance.now();
  await runClaims(catalogue, { driver });
  return {
    figure: `all ${catalogue.length} claims, longest kernel timer ${longestTimerMs / 1000} s, ${driver}`,
    measured: seconds(performance.now() - begun),
    atMost: `${times} × ${longestTimerMs / 1000} s = ${seconds(times * longestTimerMs)}`,
  };
}

/** All claims again and again beside two busy loops: how many verdicts were not the first run's. */
export async function measureStability(times: number, isWhole: boolean): Promise<Row> {
  const busy = [0, 1].map(() => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  try {
    const runs: Map<string, string>[] = [];
    for (let round = 0; round < times; round++) {
      const { verdicts } = isWhole ? await runClaims(catalogue, { driver: "netns" }) : await runQuick();
      runs.push(new Map(verdicts.map(({ address, verdict }) => [address, verdict])));
      process.stderr.write(`run ${round + 1} of ${times} beside two busy loops\r`);
    }
    const changed = runs.flatMap((run) =>
      [...run].filter(([address, verdict]) => runs[0]?.get(address) !== verdict).map(([address]) => address),
    );
    const names = changed.length === 0 ? "" : ` (${[...new Set(changed)].join(", ")})`;
    return {
      figure: `verdicts that changed in ${times} ${isWhole ? "whole" : "quick"} runs beside two busy loops, netns`,
      measured: `${changed.length}${names}`,
      atMost: "0",
    };
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
}

function runQuick(): Promise<RunResult> {
  return runClaims(quick, { driver: "netns", leaveOut: slowness });
}
