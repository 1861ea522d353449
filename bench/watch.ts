import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { namespaceFlags, programPath } from "../src/lab/driver/netns/namespaces.ts";
import type { Row } from "./table.ts";

const inside = new URL("watch-inside.ts", import.meta.url).pathname;
const mostMs = 1_200_000;

/** What `finwait watch` costs beside 100,000 sockets, in a network namespace and with processes of its own. */
export async function measureWatch(readings = 3_600, sockets = 100_000): Promise<readonly Row[]> {
  const command = [...namespaceFlags(), process.execPath, inside, String(readings), String(sockets)];
  const env = { ...process.env, PATH: programPath };
  const { stdout } = await promisify(execFile)("unshare", command, { env, timeout: mostMs });
  return JSON.parse(stdout);
}
