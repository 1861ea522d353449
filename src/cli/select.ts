import leven from "leven";
import type { Claim } from "../experiment/claim.ts";
import { FinwaitError } from "../model/errors.ts";

/**
 * The claims that addresses name: whole (`half-close/two-states`) or a topic (`half-close`); all of them without any.
 * @throws FINWAIT_USAGE for an address that names nothing, with the nearest that do.
 */
export function selectClaims(catalogue: readonly Claim[], addresses: readonly string[]): readonly Claim[] {
  if (addresses.length === 0) return catalogue;
  for (const address of addresses) {
    if (!catalogue.some((claim) => isNamed(claim, address))) throw unknown(catalogue, address);
  }
  return catalogue.filter((claim) => addresses.some((address) => isNamed(claim, address)));
}

function isNamed({ address }: Claim, name: string): boolean {
  return address === name || address.startsWith(name.endsWith("/") ? name : `${name}/`);
}

function unknown(catalogue: readonly Claim[], address: string): FinwaitError {
  const names = catalogue.flatMap((claim) => [claim.address, claim.address.split("/")[0] ?? ""]);
  const nearest = [...new Set(names)]
    .map((name) => ({ name, distance: distance(name, address) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  return new FinwaitError(
    "FINWAIT_USAGE",
    `No claim has the address ${JSON.stringify(address)}. The nearest are ${nearest.join(", ")}; \`finwait list\` shows all.`,
  );
}

/** To the whole address, or to its name alone: people remember either. */
function distance(name: string, asked: string): number {
  const short = name.split("/")[1] ?? name;
  return Math.min(leven(name, asked), leven(short, asked.split("/").at(-1) ?? asked) + 1);
}
