import type { Claim } from "../../experiment/claim.ts";
import { closeDropsOne } from "./close-drops-one.ts";
import { lastCloseSendsFin } from "./last-close-sends-fin.ts";
import { shutdownIsForAll } from "./shutdown-is-for-all.ts";

export const sharingClaims: readonly Claim[] = [closeDropsOne, lastCloseSendsFin, shutdownIsForAll];
