import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { median, type Row, seconds } from "./table.ts";

const cli = new URL("../dist/cli.mjs", import.meta.url).pathname;
const server = `
import { createServer } from "node:http";
createServer((request, response) => response.end("hello\\n")).listen(3000);
`;

/** `finwait leak` from start to end, on a small server that leaks nothing. */
export async function measureLeak(): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "finwait-bench-"));
  try {
    writeFileSync(join(folder, "server.mjs"), server);
    const durations: number[] = [];
    for (let round = 0; round < 5; round++) {
      const begun = performance.now();
      await execa(process.execPath, [cli, "leak", "--", process.execPath, "server.mjs"], { cwd: folder });
      durations.push(performance.now() - begun);
    }
    return {
      figure: "`leak` on a small healthy server, default grace, median of 5, netns",
      measured: seconds(median(durations)),
      atMost: "8 s",
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
