import type { Claim } from "../../experiment/claim.ts";
import { firstFin } from "./first-fin.ts";
import { firstFinForever } from "./first-fin-forever.ts";
import { fourthAck } from "./fourth-ack.ts";
import { secondAck } from "./second-ack.ts";
import { thirdFin } from "./third-fin.ts";
import { thirdFinForever } from "./third-fin-forever.ts";

export const lossClaims: readonly Claim[] = [
  firstFin,
  firstFinForever,
  secondAck,
  thirdFin,
  thirdFinForever,
  fourthAck,
];
