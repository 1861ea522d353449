import type { Fact, SegmentFact } from "../../model/fact.ts";
import type { MonoNs } from "../../model/time.ts";
import { isLate } from "../../timeline/describe-segment.ts";
import { meaningsOf } from "../../timeline/meaning.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { has, type WireSegment, wireOf } from "../../timeline/wire.ts";
import { type Arrow, arrowOf, bulkArrow, type DrawnSegment, isPlain } from "./arrow.ts";
import { type Cast, sideOf, towards } from "./cast.ts";
import { drawnStates } from "./states.ts";

/** Something worth a row. */
export type Scene =
  | {
      readonly kind: "fact";
      readonly at: MonoNs;
      readonly fact: Exclude<Fact, SegmentFact>;
      /** How often the same event came in a row. */
      readonly times: number;
      /** Of a state: what to write on the lifeline. */
      readonly state?: string;
    }
  | { readonly kind: "arrow"; readonly at: MonoNs; readonly arrow: Arrow; readonly first: WireSegment }
  /** Segments of sockets that have no name. */
  | { readonly kind: "aside"; readonly at: MonoNs; readonly segments: readonly WireSegment[] };

/** More segments than these, with nothing between them that has to be seen, are drawn as one arrow for each direction and kind. */
const fewSegments = 6;

/** Facts of a kind that comes with every segment of a transfer. */
const flowEvents = ["data", "drain", "readable"];

/** The story as scenes, in order of time: a segment that was overtaken in flight has two. */
export function scenesOf(t: Timeline, cast: Cast): readonly Scene[] {
  const segments = wireOf(t);
  const drawn = drawnSegments(segments, cast);
  const known = new Map(segments.map((wire) => [wire.fact, wire]));
  const edges = [...drawn.values()].filter(({ wire }) => isEdge(wire));
  const states = new Map([cast.left, cast.right].flatMap((role) => [...drawnStates(t, role?.endpoint ?? "")]));
  const scenes: Scene[] = [];
  let stretch: Scene[] = [];
  const flush = () => {
    scenes.push(...condensed(stretch, drawn));
    stretch = [];
  };
  for (const fact of t.facts) {
    for (const scene of sceneOf(fact, { known, drawn, edges, states, cast })) {
      if (flows(scene, drawn)) stretch.push(scene);
      else {
        flush();
        scenes.push(scene);
      }
    }
  }
  flush();
  return toldOnce(
    joinedInFlight(
      scenes.toSorted((a, b) => a.at - b.at),
      drawn,
    ),
  );
}

interface Known {
  readonly known: ReadonlyMap<Fact, WireSegment>;
  readonly drawn: ReadonlyMap<WireSegment, DrawnSegment>;
  /** The drawn segments with SYN or FIN. */
  readonly edges: readonly DrawnSegment[];
  readonly states: ReadonlyMap<Fact, string>;
  readonly cast: Cast;
}

function drawnSegments(segments: readonly WireSegment[], cast: Cast): ReadonlyMap<WireSegment, DrawnSegment> {
  const meanings = meaningsOf(segments);
  return new Map(
    segments.flatMap((wire) => {
      const side = towards(wire.fact, cast);
      return side === undefined ? [] : [[wire, { wire, meaning: meanings.get(wire), towards: side }]];
    }),
  );
}

function sceneOf(fact: Fact, { known, drawn, edges, states, cast }: Known): readonly Scene[] {
  if (fact.kind === "observer") return [];
  if (fact.kind === "segment") {
    const first = known.get(fact);
    const segment = first === undefined ? undefined : drawn.get(first);
    if (first === undefined) return [];
    if (segment !== undefined) return arrowScenes(segment, edges);
    const isNamed = fact.from !== undefined || fact.to !== undefined;
    return isNamed ? [] : [{ kind: "aside", at: fact.at, segments: [first] }];
  }
  if ("endpoint" in fact && sideOf(fact.endpoint, cast) === undefined) return [];
  if (fact.kind !== "state" && fact.kind !== "transition") return [{ kind: "fact", at: fact.at, fact, times: 1 }];
  const state = states.get(fact);
  return state === undefined ? [] : [{ kind: "fact", at: fact.at, fact, times: 1, state }];
}

function arrowScenes(segment: DrawnSegment, edges: readonly DrawnSegment[]): readonly Scene[] {
  const { fact } = segment.wire;
  const { arrivedAt } = fact;
  const isApart = arrivedAt !== undefined && (isLate(fact) || crosses(segment, edges));
  const scene = (at: MonoNs, part: Arrow["part"]): Scene => ({
    kind: "arrow",
    at,
    arrow: arrowOf(segment, part),
    first: segment.wire,
  });
  return isApart ? [scene(fact.at, "sent"), scene(arrivedAt, "received")] : [scene(fact.at, "whole")];
}

/** Whether another SYN or FIN was under way in the other direction, and neither side knew of the other's when it sent. */
function crosses({ wire, towards: side }: DrawnSegment, edges: readonly DrawnSegment[]): boolean {
  const isOvertaking = ({ wire: other, towards: otherSide }: DrawnSegment) =>
    otherSide !== side &&
    other.connection === wire.connection &&
    other.fact.at < (wire.fact.arrivedAt ?? 0) &&
    wire.fact.at < (other.fact.arrivedAt ?? 0) &&
    (wire.ack ?? 0) < other.next &&
    (other.ack ?? 0) < wire.next;
  return isEdge(wire) && edges.some(isOvertaking);
}

const isEdge = (wire: WireSegment): boolean => has(wire, "SYN") || has(wire, "FIN");

/** Whether the scene is one of many in a transfer. */
function flows(scene: Scene, drawn: Known["drawn"]): boolean {
  if (scene.kind === "fact") return scene.fact.kind === "event" && flowEvents.includes(scene.fact.event);
  const segment = scene.kind === "arrow" ? drawn.get(scene.first) : undefined;
  return segment !== undefined && isPlain(segment);
}

/** A transfer with one arrow for each direction and kind of segment, and its events counted; a short one as it is. */
function condensed(stretch: readonly Scene[], drawn: Known["drawn"]): readonly Scene[] {
  const groups = Map.groupBy(stretch, groupOf);
  if (stretch.filter(({ kind }) => kind === "arrow").length <= fewSegments) return stretch;
  return [...groups.values()].flatMap((group): readonly Scene[] => {
    const [first] = group;
    if (first === undefined || group.length === 1) return group;
    if (first.kind === "fact") return [{ ...first, times: group.length }];
    if (first.kind !== "arrow") return group;
    const segments = group.flatMap((one) => (one.kind === "arrow" ? (drawn.get(one.first) ?? []) : []));
    return [{ ...first, arrow: bulkArrow(segments, first.arrow.towards) }];
  });
}

function groupOf(scene: Scene): string {
  if (scene.kind === "arrow") return `${scene.arrow.towards} ${scene.first.fact.segment.payloadBytes > 0}`;
  return scene.kind === "fact" && scene.fact.kind === "event" ? `${scene.fact.endpoint} ${scene.fact.event}` : "";
}

/** A segment that nothing overtook after all is one arrow. */
function joinedInFlight(scenes: readonly Scene[], drawn: Known["drawn"]): readonly Scene[] {
  return scenes.flatMap((scene, index): readonly Scene[] => {
    if (scene.kind !== "arrow" || scene.arrow.part === "whole") return [scene];
    const isOne = (other: Scene | undefined) => other?.kind === "arrow" && other.first === scene.first;
    if (isOne(scenes[index - 1])) return [];
    const segment = drawn.get(scene.first);
    if (segment === undefined || !isOne(scenes[index + 1])) return [scene];
    return [{ ...scene, arrow: arrowOf(segment, "whole") }];
  });
}

/** The same event again, or another segment without a name, adds to the scene before. */
function toldOnce(scenes: readonly Scene[]): readonly Scene[] {
  const told: Scene[] = [];
  let aside: WireSegment[] = [];
  for (const scene of scenes) {
    const last = told.at(-1);
    if (last?.kind === "fact" && scene.kind === "fact" && isSameEvent(last.fact, scene.fact)) {
      told[told.length - 1] = { ...last, times: last.times + scene.times };
    } else if (last?.kind === "aside" && scene.kind === "aside") aside.push(...scene.segments);
    else if (scene.kind === "aside") {
      aside = [...scene.segments];
      told.push({ ...scene, segments: aside });
    } else told.push(scene);
  }
  return told;
}

function isSameEvent(a: Fact, b: Fact): boolean {
  return a.kind === "event" && b.kind === "event" && a.endpoint === b.endpoint && a.event === b.event;
}
