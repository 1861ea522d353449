import { type EvidenceTier, evidenceTiers, type Verdict } from "../model/verdict.ts";

/** The tiers that a verdict's cases rest on, the lowest first; none for a verdict without evidence. */
export function tiersOf({ cases }: Verdict): readonly EvidenceTier[] {
  return evidenceTiers.filter((tier) => cases.some((one) => one.tier === tier));
}

/** In one short word: `ss`, `ss+capture`; of more than two the lowest and the highest, `proc–tracepoint`. */
export function tiersText(verdict: Verdict): string {
  const tiers = tiersOf(verdict);
  return tiers.length > 2 ? `${tiers[0]}–${tiers.at(-1)}` : tiers.join("+");
}
