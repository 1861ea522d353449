import type { Claim } from "../../experiment/claim.ts";
import { activePath } from "./active-path.ts";
import { commonStates } from "./common-states.ts";
import { eitherSide } from "./either-side.ts";
import { elevenStates } from "./eleven-states.ts";
import { noLoss } from "./no-loss.ts";
import { passiveEndsFirst } from "./passive-ends-first.ts";
import { passivePath } from "./passive-path.ts";
import { simultaneous } from "./simultaneous.ts";

export const closeClaims: readonly Claim[] = [
  activePath,
  passivePath,
  eitherSide,
  passiveEndsFirst,
  simultaneous,
  elevenStates,
  commonStates,
  noLoss,
];
