import type { Claim } from "../experiment/claim.ts";
import { closeClaims } from "./close/claims.ts";
import { closeWaitClaims } from "./close-wait/claims.ts";
import { halfCloseClaims } from "./half-close/claims.ts";
import { handshakeClaims } from "./handshake/claims.ts";
import { keepaliveClaims } from "./keepalive/claims.ts";
import { lossClaims } from "./loss/claims.ts";
import { queuesClaims } from "./queues/claims.ts";
import { resetClaims } from "./reset/claims.ts";
import { sharingClaims } from "./sharing/claims.ts";
import { timeWaitClaims } from "./time-wait/claims.ts";
import { wireClaims } from "./wire/claims.ts";

/** Every claim, in the order in which a lesson would take them. */
export const catalogue: readonly Claim[] = [
  ...wireClaims,
  ...handshakeClaims,
  ...queuesClaims,
  ...closeClaims,
  ...halfCloseClaims,
  ...closeWaitClaims,
  ...timeWaitClaims,
  ...lossClaims,
  ...resetClaims,
  ...keepaliveClaims,
  ...sharingClaims,
];
