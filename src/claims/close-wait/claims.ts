import type { Claim } from "../../experiment/claim.ts";
import { busyServer } from "./busy-server.ts";
import { clientToo } from "./client-too.ts";
import { holdsDescriptor } from "./holds-descriptor.ts";
import { lastsUntilClose } from "./lasts-until-close.ts";
import { limit1024 } from "./limit-1024.ts";
import { missingClose } from "./missing-close.ts";
import { tooManyOpenFiles } from "./too-many-open-files.ts";

export const closeWaitClaims: readonly Claim[] = [
  lastsUntilClose,
  missingClose,
  busyServer,
  clientToo,
  holdsDescriptor,
  tooManyOpenFiles,
  limit1024,
];
