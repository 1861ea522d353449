import { measureDriver } from "./driver.ts";
import { measureLeak } from "./leak.ts";
import { measurePcap } from "./pcap.ts";
import { measurePreload } from "./preload.ts";
import { measureCatalogue, measureFirstVerdict, measureQuick, measureStability } from "./runs.ts";
import { machineLine, type Row, table } from "./table.ts";
import { measureWatch } from "./watch.ts";

// `npm run bench`: the figures that finwait promises, measured here, in some fifteen minutes. With `quick` no long kernel
// timer is waited for; with `stability` twenty whole runs are made beside two busy loops, which takes half an hour.
const asked = process.argv.slice(2);

const rows: Row[] = [
  await measurePcap(),
  ...(await measureDriver("netns", { roundTripMs: 0.5, experimentMs: 50, capturedMs: 120 })),
  ...(await measureDriver("docker", { roundTripMs: 1, experimentMs: 120 })),
  await measureLeak(),
  ...(await measurePreload()),
  ...(await measureWatch(asked.includes("quick") ? 360 : 3_600)),
  await measureFirstVerdict(),
  await measureQuick(),
  ...(asked.includes("quick") ? [] : [await measureCatalogue("netns", 1.15), await measureCatalogue("docker", 1.4)]),
  ...(asked.includes("stability") ? [await measureStability(20, !asked.includes("quick"))] : []),
];

console.log(`\n${machineLine()}\n`);
console.log(table(rows));
process.exit(0);
