import type { Claim } from "../../experiment/claim.ts";
import { blocksFourTuple } from "./blocks-four-tuple.ts";
import { blocksListen } from "./blocks-listen.ts";
import { exhaustsPorts } from "./exhausts-ports.ts";
import { fourKilobytes } from "./four-kilobytes.ts";
import { holdsDescriptor } from "./holds-descriptor.ts";
import { httpServer } from "./http-server.ts";
import { keepAliveHelps } from "./keep-alive-helps.ts";
import { oldSegments } from "./old-segments.ts";
import { onlyActive } from "./only-active.ts";
import { reacksFin } from "./reacks-fin.ts";
import { restarts } from "./restarts.ts";
import { shortConnections } from "./short-connections.ts";
import { sixtySeconds } from "./sixty-seconds.ts";
import { skippingBreaksPeer } from "./skipping-breaks-peer.ts";
import { tooManyOpenFiles } from "./too-many-open-files.ts";
import { tunable } from "./tunable.ts";

export const timeWaitClaims: readonly Claim[] = [
  onlyActive,
  sixtySeconds,
  tunable,
  reacksFin,
  restarts,
  skippingBreaksPeer,
  holdsDescriptor,
  tooManyOpenFiles,
  fourKilobytes,
  blocksFourTuple,
  blocksListen,
  shortConnections,
  exhaustsPorts,
  keepAliveHelps,
  httpServer,
  oldSegments,
];
