import { measureDriver } from "./driver.ts";
import { measureCatalogue, measureFirstVerdict, measureStability } from "./runs.ts";
import { machineLine, type Row, table } from "./table.ts";

// `npm run bench`: the figures that finwait promises, measured here. `npm run bench -- quick` leaves out the twenty runs.
const isQuick = process.argv.includes("quick");

const rows: Row[] = [
  ...(await measureDriver("netns", { roundTripMs: 0.5, experimentMs: 50 })),
  ...(await measureDriver("docker", { roundTripMs: 1, experimentMs: 120 })),
  await measureFirstVerdict(),
  await measureCatalogue(),
  ...(isQuick ? [] : [await measureStability(20)]),
];

console.log(`\n${machineLine()}\n`);
console.log(table(rows));
process.exit(0);
