import { poll } from "../../lab/deadline.ts";
import type { Host } from "../../lab/host.ts";
import { isFinwaitError } from "../../model/errors.ts";
import { addressText, type SocketAddress, type SocketRow } from "../../model/socket.ts";
import { ssArguments } from "../../observe/ss/arguments.ts";
import { parseSs } from "../../observe/ss/parse.ts";
import { endText, type Subject } from "./subject.ts";

/** A place where the subject listens, as it is reached from a peer. */
export interface Listening {
  /** As ss has it: `*` for all addresses. */
  readonly bound: SocketAddress;
  /** Where a peer connects to. */
  readonly target: SocketAddress;
  /** Who can: the peers' host, or only the subject's own. */
  readonly from: "peers" | "subject";
}

/** Others that begin to listen right behind the first are candidates too. */
const settleMs = 150;
/** What listens only for its own machine is often there before what it stands behind. */
const loopbackSettleMs = 1_000;
const daemonMs = 2_000;

/** What is looked for. */
export interface Search {
  /** Any port, where it is undefined. */
  readonly port: number | undefined;
  readonly withinMs: number;
  /** What listened in the host before the subject was started: an engine's name server. */
  readonly before: readonly Listening[];
}

/** Waits until the subject listens. Gives every place, the likeliest first. @throws FINWAIT_SUBJECT_FAILED */
export async function findListening(
  host: Host,
  subject: Subject,
  { port, withinMs, before }: Search,
): Promise<readonly Listening[]> {
  let firstAt: number | undefined;
  let endedAt: number | undefined;
  const look = async () => {
    const ended = subject.end();
    const all = await newIn(host, before);
    const places = all.filter(({ bound }) => port === undefined || bound.port === port);
    const seen = all.map(({ bound }) => addressText(bound)).join(", ");
    if (places.length > 0) {
      firstAt ??= performance.now();
      if (isSettled(places, performance.now() - firstAt, { isTold: port !== undefined, output: subject.output() })) {
        return { seen, done: inOrder(places, subject.output()) };
      }
    } else if (ended !== undefined) {
      // One that has left others behind, as daemons do, ends with 0, and they may still be starting.
      endedAt ??= performance.now();
      const isOver = ended.exitCode !== 0 || performance.now() - endedAt > daemonMs;
      if (isOver) throw subject.failure(`${endText(ended)} before it listened on any port`);
    }
    return { seen };
  };
  try {
    return await poll({ waitingFor: `${subject.name} to listen`, withinMs, look });
  } catch (error) {
    if (!isFinwaitError(error, "FINWAIT_DEADLINE_MISSED")) throw error;
    throw subject.failure(await whyNot(host, { port, withinMs, before }));
  }
}

async function newIn(host: Host, before: readonly Listening[]): Promise<readonly Listening[]> {
  const known = new Set(before.map(({ bound }) => addressText(bound)));
  return (await listeningIn(host)).filter(({ bound }) => !known.has(addressText(bound)));
}

/** The ports on which more listens by now than what was driven. */
export async function untriedPorts(
  host: Host,
  tried: number,
  before: readonly Listening[],
): Promise<readonly number[]> {
  const ports = new Set((await newIn(host, before)).map(({ bound }) => bound.port));
  ports.delete(tried);
  return [...ports].toSorted((a, b) => a - b);
}

/** Everything that listens in a host; its agent does not. */
export async function listeningIn(host: Host): Promise<readonly Listening[]> {
  const rows = parseSs(await host.run("ss", ssArguments({ states: ["LISTEN"] })));
  return rows.filter(({ state }) => state === "LISTEN").map((row) => placeOf(row, host));
}

function placeOf({ local: bound }: SocketRow, { addresses }: Host): Listening {
  const { port } = bound;
  const [address = ""] = bound.address.split("%");
  if (address === "*" || address === "0.0.0.0") {
    return { bound, target: { address: addresses.v4, port }, from: "peers" };
  }
  if (address === "::") return { bound, target: { address: addresses.v6, port }, from: "peers" };
  const isLocal = address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
  return { bound, target: { address, port }, from: isLocal ? "subject" : "peers" };
}

function isSettled(
  places: readonly Listening[],
  sinceMs: number,
  { isTold, output }: { readonly isTold: boolean; readonly output: string },
): boolean {
  if (isTold || places.some((place) => isNamedIn(output, place))) return true;
  return sinceMs >= (places.some(({ from }) => from === "peers") ? settleMs : loopbackSettleMs);
}

/** What it names in its output comes first, then what can be reached from elsewhere. */
function inOrder(places: readonly Listening[], output: string): readonly Listening[] {
  const rank = (place: Listening) => (isNamedIn(output, place) ? 0 : 2) + (place.from === "peers" ? 0 : 1);
  return places.toSorted((a, b) => rank(a) - rank(b));
}

function isNamedIn(output: string, { bound: { port } }: Listening): boolean {
  return new RegExp(`(?<![\\d.])${port}(?![\\d.]\\d|\\d)`).test(output);
}

async function whyNot(host: Host, { port, withinMs, before }: Search): Promise<string> {
  const within = `within ${withinMs / 1000} s (--start-within)`;
  const all = await newIn(host, before);
  if (port !== undefined && all.length > 0) {
    const ports = all.map(({ bound }) => addressText(bound)).join(", ");
    return `does not listen on port ${port} ${within}, but on ${ports}`;
  }
  const [unix] = await unixListeners(host);
  if (unix === undefined) return `listened on no TCP port ${within}`;
  return `listens on the Unix socket ${unix} and on no TCP port ${within}; finwait leak can drive only TCP`;
}

async function unixListeners(host: Host): Promise<readonly string[]> {
  const text = await host.run("ss", ["-H", "-n", "-x", "-l"]).catch(() => "");
  return text.split("\n").flatMap((line) => /\s((?:\/|@)\S+)\s+\d+\s/.exec(line)?.[1] ?? []);
}
