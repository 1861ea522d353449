import type { Claim } from "../../experiment/claim.ts";
import { ackFlagValidates } from "./ack-flag-validates.ts";
import { ackIsNextByte } from "./ack-is-next-byte.ts";
import { byteStream } from "./byte-stream.ts";
import { finEndsData } from "./fin-ends-data.ts";
import { finTakesANumber } from "./fin-takes-a-number.ts";
import { firstAckNumberZero } from "./first-ack-number-zero.ts";
import { header20Bytes } from "./header-20-bytes.ts";
import { headerFields } from "./header-fields.ts";
import { isnIsRandom } from "./isn-is-random.ts";
import { optionsFillWords } from "./options-fill-words.ts";
import { pshHandsOver } from "./psh-hands-over.ts";
import { reliableInOrder } from "./reliable-in-order.ts";
import { rstTearsDown } from "./rst-tears-down.ts";
import { sequenceCountsBytes } from "./sequence-counts-bytes.ts";
import { splitsData } from "./splits-data.ts";
import { synOnlyOpens } from "./syn-only-opens.ts";
import { urgGoesFirst } from "./urg-goes-first.ts";
import { windowIsFlowControl } from "./window-is-flow-control.ts";

export const wireClaims: readonly Claim[] = [
  sequenceCountsBytes,
  isnIsRandom,
  ackIsNextByte,
  ackFlagValidates,
  firstAckNumberZero,
  synOnlyOpens,
  finEndsData,
  finTakesANumber,
  pshHandsOver,
  urgGoesFirst,
  rstTearsDown,
  header20Bytes,
  optionsFillWords,
  headerFields,
  windowIsFlowControl,
  splitsData,
  byteStream,
  reliableInOrder,
];
