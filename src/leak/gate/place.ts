import type { Lab } from "../../lab/lab.ts";
import type { Spoken } from "../../model/leak-gate.ts";
import { addressText, type SocketAddress } from "../../model/socket.ts";
import { Crew } from "./crew.ts";
import type { Listening } from "./listening.ts";
import { type Heard, probe } from "./probe.ts";
import type { Subject } from "./subject.ts";

/** What a probe's connections are called, should they leave something behind. */
const firstQuestion = "the first question, closed after the answer";
/** Discard's port: nobody listens there in a lab's host. */
const closedPort = 9;

/** Where tunnels can lead, all on the peers' host. */
export interface Onward {
  readonly open: SocketAddress;
  /** Its server takes the end of a connection and never ends its own side. */
  readonly deaf: SocketAddress;
  readonly nowhere: SocketAddress;
}

/** What is asked of whoever is found. */
export interface Questions {
  readonly protocol: Spoken | undefined;
  readonly path: string;
  readonly line: string;
  readonly onward: Onward;
}

/** The place that is driven, by whom, and what it speaks. */
export interface Met {
  readonly crew: Crew;
  readonly heard: Heard;
  readonly notes: readonly string[];
}

export async function openOnward(lab: Lab): Promise<Onward> {
  const { addresses } = lab.host("peers");
  const [open, deaf] = await Promise.all([
    lab.listen({ host: "peers", name: "onward", quiet: true }),
    lab.listen({ host: "peers", name: "deaf", quiet: true, allowHalfOpen: true }),
  ]);
  return { open: open.addressFor(4), deaf: deaf.addressFor(4), nowhere: { address: addresses.v4, port: closedPort } };
}

/** Finds the first place that takes a connection. @throws FINWAIT_SUBJECT_FAILED when there is none. */
export async function meet(
  lab: Lab,
  subject: Subject,
  places: readonly Listening[],
  { protocol, path, line, onward }: Questions,
): Promise<Met> {
  for (const place of places) {
    const host = lab.host(place.from);
    const crew = new Crew(lab, host, place.target);
    const nextPort = () => crew.reserve(firstQuestion);
    const ground = { from: host, target: place.target, path, line, onward: onward.open, nextPort };
    const heard = await probe(ground, protocol);
    if (heard !== undefined) return { crew, heard, notes: [...heard.notes, ...notesOn(place)] };
  }
  const all = places.map(({ bound }) => addressText(bound)).join(", ");
  throw subject.failure(`listens on ${all}, and takes no connection there`);
}

function notesOn({ from }: Listening): readonly string[] {
  return from === "subject" ? ["listens for its own machine only: it was driven from there"] : [];
}
