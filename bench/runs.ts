import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { catalogue, runClaims } from "../src/index.ts";
import { type Row, seconds } from "./table.ts";

const cli = new URL("../dist/cli.mjs", import.meta.url).pathname;
const shortTimerMs = 2_000;
const quickClaims = catalogue.filter(({ cases }) => cases.every(({ timerMs = 0 }) => timerMs < shortTimerMs));

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

/** All claims that wait for no long kernel timer. */
export async function measureCatalogue(): Promise<Row> {
  const begun = performance.now();
  await runClaims(quickClaims, { driver: "netns" });
  return {
    figure: `the ${quickClaims.length} claims whose timers are under ${shortTimerMs / 1000} s, netns`,
    measured: seconds(performance.now() - begun),
    atMost: "10 s",
  };
}

/** The same claims again and again beside two busy loops: how many verdicts were not the first run's. */
export async function measureStability(times: number): Promise<Row> {
  const busy = [0, 1].map(() => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  try {
    const runs: Map<string, string>[] = [];
    for (let round = 0; round < times; round++) {
      const { verdicts } = await runClaims(quickClaims, { driver: "netns" });
      runs.push(new Map(verdicts.map(({ address, verdict }) => [address, verdict])));
      process.stderr.write(`run ${round + 1} of ${times} beside two busy loops\r`);
    }
    const changed = runs.flatMap((run) =>
      [...run].filter(([address, verdict]) => runs[0]?.get(address) !== verdict).map(([address]) => address),
    );
    const names = changed.length === 0 ? "" : ` (${[...new Set(changed)].join(", ")})`;
    return {
      figure: `verdicts that changed in ${times} runs beside two busy loops, netns`,
      measured: `${changed.length}${names}`,
      atMost: "0",
    };
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
}
