import type { Claim } from "../../experiment/claim.ts";
import { closedPort } from "./closed-port.ts";
import { meansReconnect } from "./means-reconnect.ts";
import { noTimeWait } from "./no-time-wait.ts";
import { peerClosed } from "./peer-closed.ts";
import { timeouts } from "./timeouts.ts";
import { unreadData } from "./unread-data.ts";

/** In CLAIMS.md's order. */
export const resetClaims: readonly Claim[] = [closedPort, peerClosed, unreadData, timeouts, noTimeWait, meansReconnect];
