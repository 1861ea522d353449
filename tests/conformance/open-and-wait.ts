import type { DriverName } from "../../src/lab/driver/driver.ts";
import { openLab } from "../../src/lab/lab.ts";

// A harness of its own, for tests that end it: opens a lab, says its epoch, and then does as it is told.
const [driver, mood] = process.argv.slice(2);

await using lab = await openLab({ driver: driver as DriverName });
await lab.connect();
const [commandLine = ""] = await Promise.all([lab.host("client").run("cat", ["/proc/1/cmdline"]), lab.connect()]);
const agent = await lab.host("client").run("sh", ["-c", "tr '\\0' ' ' </proc/$PPID/cmdline"]);
console.log(/--epoch (\d+)/.exec(`${agent} ${commandLine}`)?.[1]);
if (mood === "throw") throw new Error("as the test asked");
if (mood === "exit") process.exit(0);
await new Promise((resolve) => setTimeout(resolve, 60_000));
