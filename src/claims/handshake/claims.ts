import type { Claim } from "../../experiment/claim.ts";
import { abandonedAttempt } from "./abandoned-attempt.ts";
import { firstTwoCarryNone } from "./first-two-carry-none.ts";
import { numbers } from "./numbers.ts";
import { scan } from "./scan.ts";
import { states } from "./states.ts";
import { synRetries } from "./syn-retries.ts";
import { thirdMayCarryData } from "./third-may-carry-data.ts";
import { threeSegments } from "./three-segments.ts";
import { twoNotEnough } from "./two-not-enough.ts";

export const handshakeClaims: readonly Claim[] = [
  threeSegments,
  states,
  numbers,
  thirdMayCarryData,
  firstTwoCarryNone,
  twoNotEnough,
  abandonedAttempt,
  synRetries,
  scan,
];
