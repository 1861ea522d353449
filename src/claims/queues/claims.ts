import type { Claim } from "../../experiment/claim.ts";
import { acceptOverflow } from "./accept-overflow.ts";
import { acceptQueue } from "./accept-queue.ts";
import { backlogDefault } from "./backlog-default.ts";
import { synBacklogDefault } from "./syn-backlog-default.ts";
import { synFlood } from "./syn-flood.ts";
import { synQueue } from "./syn-queue.ts";

export const queuesClaims: readonly Claim[] = [
  synQueue,
  acceptQueue,
  backlogDefault,
  synBacklogDefault,
  acceptOverflow,
  synFlood,
];
