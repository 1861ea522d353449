import type { MeasureFact, StateFact } from "../model/fact.ts";
import type { TcpState } from "../model/state.ts";
import { labelled } from "../timeline/query.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Observation } from "./observation.ts";

const rowsShown = 2;

/**
 * Whether as many of a host's sockets as asked were in the state at a labelled reading of all; the host's listeners are
 * not counted. Unseen when nothing was read there. The evidence is the count, and the first rows of each kind.
 */
export function countIn(
  t: Timeline,
  label: string,
  host: string,
  state: TcpState,
  predicate: (count: number, of: number) => boolean,
): Observation {
  const read = labelled(t, label)
    .filter((fact): fact is StateFact => fact.kind === "state" && fact.host === host)
    .filter((fact) => fact.row?.peer.port !== 0);
  const last = read.at(-1);
  if (last === undefined) return { answer: undefined, evidence: [] };
  const inIt = read.filter((fact) => fact.state === state);
  const others = read.filter((fact) => fact.state !== state);
  const count: MeasureFact = {
    kind: "measure",
    at: last.at,
    host,
    name: `sockets in ${state}`,
    label,
    value: inIt.length,
    unit: `of ${read.length}`,
  };
  return {
    answer: predicate(inIt.length, read.length),
    evidence: [count, ...inIt.slice(0, rowsShown), ...others.slice(0, rowsShown)],
  };
}
