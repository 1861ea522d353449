import { catalogue } from "../claims/catalogue.ts";
import type { Claim } from "../experiment/claim.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { openScreen } from "./screen.ts";
import { selectClaims } from "./select.ts";

/** `finwait list [address…]`: the catalogue by topic, with how many cases each claim is put to. */
export function list(addresses: readonly string[]): ExitCode {
  const { print, paint } = openScreen(process.stdout);
  const claims = selectClaims(catalogue, addresses);
  const width = Math.max(...claims.map(({ address }) => address.length));
  for (const [topic, ofTopic] of Map.groupBy(claims, ({ address }) => address.split("/")[0] ?? "")) {
    print(paint.bold(topic));
    for (const claim of ofTopic)
      print(`  ${claim.address.padEnd(width)}  ${claim.statement.en} ${paint.dim(casesText(claim))}`);
  }
  print(`${claims.length} claims, ${claims.flatMap(({ cases }) => cases).length} cases`);
  return exitCodes.done;
}

function casesText({ cases }: Claim): string {
  const timerS = Math.max(...cases.map(({ timerMs = 0 }) => timerMs)) / 1000;
  const wait = timerS >= 1 ? `, waits ${Math.round(timerS)} s` : "";
  return `(${cases.length === 1 ? "1 case" : `${cases.length} cases`}${wait})`;
}
