import type { EndpointName, Fact, KernelFact, StateFact, TransitionFact } from "../../model/fact.ts";
import type { TcpState } from "../../model/state.ts";
import type { Timeline } from "../../timeline/timeline.ts";

type Told = StateFact | TransitionFact;

/**
 * What to write on an endpoint's lifeline, by the fact that tells it: each change of state once, by the kernel's own
 * word where there is one, and a state that the experiment read again under a new label as "still".
 */
export function drawnStates(t: Timeline, endpoint: EndpointName): ReadonlyMap<Fact, string> {
  const told = t.facts.filter((fact): fact is Told => isTold(fact) && fact.endpoint === endpoint);
  const resets = t.facts.filter((fact): fact is KernelFact => fact.kind === "kernel" && fact.endpoint === endpoint);
  const finArrivals = finArrivalsAt(t, endpoint);
  const drawn = new Map<Fact, string>();
  let shown: Shown = {};
  for (const [index, fact] of told.entries()) {
    const { text, next } =
      fact.kind === "transition"
        ? change(fact, { later: told.slice(index + 1), resets, finArrivals }, shown)
        : reading(fact, told, shown);
    if (text !== undefined) drawn.set(fact, text);
    shown = next;
  }
  return drawn;
}

/** What the lifeline says so far. */
interface Shown {
  readonly state?: string;
  readonly cookie?: string | undefined;
  readonly label?: string | undefined;
  /** By the kernel's transitions: a reading then tells nothing new. */
  readonly isExact?: boolean;
}

interface Step {
  readonly text?: string;
  readonly next: Shown;
}

const isTold = (fact: Fact): fact is Told => fact.kind === "state" || fact.kind === "transition";

/** What else is known of an endpoint when its state changes. */
interface Around {
  readonly later: readonly Told[];
  readonly resets: readonly KernelFact[];
  /** When the peer's FINs came; undefined where nothing was captured. */
  readonly finArrivals: readonly number[] | undefined;
}

function change(fact: TransitionFact, around: Around, shown: Shown): Step {
  if (isBirth(fact, around.later)) return { next: shown };
  const state = stateAfter(fact, around);
  const next: Shown = { ...shown, state, isExact: true };
  return state === shown.state ? { next } : { text: state, next };
}

/**
 * Linux makes a server's socket when the handshake is done; until then there is a request, which no tracepoint shows. It
 * was in SYN-RECEIVED all that time, and to draw that state where it ends would say the opposite.
 */
function isBirth({ from, to }: TransitionFact, later: readonly Told[]): boolean {
  const next = later.find((one) => one.kind === "transition");
  return from === "LISTEN" && to === "SYN-RECEIVED" && next?.kind === "transition" && next.to === "ESTABLISHED";
}

const besideNs = 1e6;

/**
 * The kernel frees the whole socket and says CLOSED where TIME-WAIT begins, and where an orphan goes on in FIN-WAIT-2:
 * the peer's FIN tells which it was, or what ss reads next.
 */
function stateAfter(fact: TransitionFact, { later, resets, finArrivals }: Around): string {
  if (fact.to !== "CLOSED" || !["FIN-WAIT-2", "CLOSING"].includes(fact.from)) return fact.to;
  const isReset = resets.some(({ event, at }) => event !== "retransmission" && Math.abs(at - fact.at) < besideNs);
  if (isReset) return "CLOSED";
  // The peer's FIN begins TIME-WAIT; without it, an orphan goes on in FIN-WAIT-2.
  if (finArrivals !== undefined) {
    return finArrivals.some((at) => at < fact.at + besideNs) ? "TIME-WAIT" : fact.from;
  }
  const [next] = later.filter((one) => one.kind === "transition" || goesOn(one, fact));
  if (next?.kind === "state" && next.state !== "CLOSED") return next.state;
  return "CLOSED or TIME-WAIT";
}

function finArrivalsAt(t: Timeline, endpoint: EndpointName): readonly number[] | undefined {
  const segments = t.facts.filter((fact) => fact.kind === "segment");
  if (segments.length === 0) return undefined;
  return segments.flatMap(({ to, segment, arrivedAt, lostTo }) =>
    to === endpoint && segment.flags.includes("FIN") && arrivedAt !== undefined && lostTo === undefined
      ? [arrivedAt]
      : [],
  );
}

function goesOn(reading: StateFact, { at }: TransitionFact): boolean {
  return reading.state === "TIME-WAIT" || reading.at - reading.uncertaintyNs > at;
}

function reading(fact: StateFact, told: readonly Told[], shown: Shown): Step {
  const cookie = fact.state === "CLOSED" ? undefined : fact.row?.cookie;
  const isSame = shown.state === fact.state && (shown.isExact || shown.cookie === cookie);
  const next: Shown = { ...shown, state: fact.state, cookie, label: fact.label };
  if (isSame) {
    const isNews = fact.label !== undefined && fact.label !== shown.label;
    return isNews ? { text: `still ${fact.state}`, next } : { next: { ...next, label: shown.label } };
  }
  if (!shown.isExact || !couldBeIn(fact.state, fact, told))
    return { text: fact.state, next: { ...next, isExact: false } };
  // Read while the state changed: the kernel has said when, ss what it saw.
  return fact.label === undefined
    ? { next: shown }
    : { text: `ss: ${fact.state}`, next: { ...shown, label: fact.label } };
}

/** Whether the kernel's transitions have the endpoint in the state at some moment of the reading. */
function couldBeIn(state: TcpState, { at, uncertaintyNs }: StateFact, told: readonly Told[]): boolean {
  return told.some(
    (fact) =>
      fact.kind === "transition" &&
      Math.abs(fact.at - at) <= uncertaintyNs + fact.uncertaintyNs &&
      (fact.from === state || fact.to === state),
  );
}
