import type { Claim } from "../../experiment/claim.ts";
import { abandonedAttempt } from "./abandoned-attempt.ts";
import { scan } from "./scan.ts";
import { states } from "./states.ts";
import { synRetries } from "./syn-retries.ts";
import { twoNotEnough } from "./two-not-enough.ts";

export const handshakeClaims: readonly Claim[] = [states, twoNotEnough, abandonedAttempt, synRetries, scan];
