import type { Claim } from "../../experiment/claim.ts";
import { ackAndFinApart } from "./ack-and-fin-apart.ts";
import { activePath } from "./active-path.ts";
import { commonStates } from "./common-states.ts";
import { eitherSide } from "./either-side.ts";
import { elevenStates } from "./eleven-states.ts";
import { fourSegments } from "./four-segments.ts";
import { noLoss } from "./no-loss.ts";
import { closeNumbers } from "./numbers.ts";
import { passiveEndsFirst } from "./passive-ends-first.ts";
import { passivePath } from "./passive-path.ts";
import { simultaneous } from "./simultaneous.ts";

export const closeClaims: readonly Claim[] = [
  fourSegments,
  ackAndFinApart,
  activePath,
  passivePath,
  eitherSide,
  closeNumbers,
  passiveEndsFirst,
  simultaneous,
  elevenStates,
  commonStates,
  noLoss,
];
