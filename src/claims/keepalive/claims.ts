import type { Claim } from "../../experiment/claim.ts";
import { dataRestarts } from "./data-restarts.ts";
import { deadPeerStays } from "./dead-peer-stays.ts";
import { seventyFiveMinutes } from "./seventy-five-minutes.ts";
import { seventyFiveSeconds } from "./seventy-five-seconds.ts";
import { tenProbes } from "./ten-probes.ts";
import { twoHours } from "./two-hours.ts";

export const keepaliveClaims: readonly Claim[] = [
  twoHours,
  seventyFiveSeconds,
  seventyFiveMinutes,
  tenProbes,
  dataRestarts,
  deadPeerStays,
];
