import { isFinwaitError } from "../../model/errors.ts";
import type { Host } from "../host.ts";
import { HostCapture } from "./capture.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { LabObservers } from "./session-observers.ts";
import { openTracepoints } from "./tracepoints.ts";

type Wanted = boolean | "where possible";

/** Which observers a lab is to have besides ss. */
export interface WantedObservers {
  readonly capture?: Wanted;
  readonly tracepoints?: Wanted;
  readonly keepRecords?: boolean;
}

/** The observers that a lab has, and why it lacks those that were wanted where possible. */
export interface OpenObservers extends LabObservers {
  readonly captureMissing?: string;
  readonly tracepointsMissing?: string;
}

/** Starts what was asked for, all at once. @throws FINWAIT_CAPABILITY_MISSING for what was wanted in any case. */
export async function openObservers(
  hosts: readonly Host[],
  epoch: bigint,
  { capture = false, tracepoints = false, keepRecords = false }: WantedObservers,
): Promise<OpenObservers> {
  const clock = new CaptureClock();
  const [first] = hosts;
  const [captures, traced] = await Promise.all([
    wanted(capture, async () => {
      const started = await Promise.all(hosts.map((host) => HostCapture.start(host, clock)));
      clock.started();
      return started;
    }),
    wanted(first === undefined ? false : tracepoints, async () => first && (await openTracepoints(epoch, first))),
  ]);
  return {
    captures: captures.open ?? [],
    captureClock: clock,
    keepsRecords: keepRecords,
    ...(captures.missing === undefined ? {} : { captureMissing: captures.missing }),
    ...(traced.open === undefined ? {} : { tracepoints: traced.open }),
    ...(traced.missing === undefined ? {} : { tracepointsMissing: traced.missing }),
  };
}

async function wanted<T>(how: Wanted, open: () => Promise<T>): Promise<{ open?: T; missing?: string }> {
  if (how === false) return {};
  try {
    return { open: await open() };
  } catch (error) {
    if (how === true || !isFinwaitError(error, "FINWAIT_CAPABILITY_MISSING")) throw error;
    return { missing: error.message };
  }
}
