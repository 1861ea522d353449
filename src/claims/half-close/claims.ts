import type { Claim } from "../../experiment/claim.ts";
import { allowHalfOpen } from "./allow-half-open.ts";
import { closerMayNotSend } from "./closer-may-not-send.ts";
import { endIsShutdown } from "./end-is-shutdown.ts";
import { finTimeout60 } from "./fin-timeout-60.ts";
import { finWait2Timeout } from "./fin-wait-2-timeout.ts";
import { needsReading } from "./needs-reading.ts";
import { peerMaySend } from "./peer-may-send.ts";
import { twoStates } from "./two-states.ts";

export const halfCloseClaims: readonly Claim[] = [
  twoStates,
  peerMaySend,
  closerMayNotSend,
  endIsShutdown,
  finWait2Timeout,
  finTimeout60,
  allowHalfOpen,
  needsReading,
];
