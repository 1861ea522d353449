import { siteOf } from "../../call-sites/read.ts";
import type { DriverName } from "../../lab/driver/driver.ts";
import type { Host } from "../../lab/host.ts";
import type { Lab } from "../../lab/lab.ts";
import { defined } from "../../model/defined.ts";
import type { LeakedSocket } from "../../model/leak.ts";
import type { GateReport, TriedManner } from "../../model/leak-gate.ts";
import { addressText } from "../../model/socket.ts";
import type { Suspect } from "../tracker.ts";
import type { Crew } from "./crew.ts";
import { drive, type Trial } from "./drive.ts";
import { checkOf, silenceText } from "./ending.ts";
import { forecast } from "./forecast.ts";
import { type Judged, judge } from "./judge.ts";
import { openLabSource, type SubjectInHost } from "./lab-source.ts";
import type { Language } from "./language.ts";
import { type Listening, untriedPorts } from "./listening.ts";
import { Observation } from "./observation.ts";
import type { Met, Onward } from "./place.ts";
import type { SiteRecording } from "./sites.ts";
import { stop, stoppedSo } from "./stop.ts";
import type { Subject } from "./subject.ts";

/** A call to an agent may not take longer than 30 s. */
const longestAnswerMs = 20_000;
const lastQuestion = "the last question";

/** A program that listens and was met, and how it is to be tried. */
export interface TryOut {
  readonly lab: Lab;
  readonly host: Host;
  readonly driver: DriverName;
  readonly subject: Subject;
  readonly met: Met;
  /** What listened in the host already, and is not the subject's. */
  readonly before: readonly Listening[];
  readonly onward: Onward;
  readonly sites: SiteRecording;
  readonly command: readonly [string, ...string[]];
  readonly graceMs: number;
  readonly hostile: boolean;
  /** How long it may take to stop. */
  readonly withinMs: number;
  readonly startedAt: number;
  readonly signal?: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** Drives the program, judges its sockets, tells it to stop, and puts together what was found. */
export async function tryOut(ground: TryOut): Promise<GateReport> {
  const { crew, heard, notes } = ground.met;
  await using source = openLabSource(ground.host, whatIsTheirs(ground));
  const observation = new Observation(source, crew);
  const isFull = async () => (await source.descriptors()).some(({ open, limit }) => open >= limit - 1);
  const driven = await driveAndJudge(ground, observation, isFull);
  const descriptors = await source.descriptors();
  const untried = await untriedPorts(ground.host, crew.target.port, ground.before);
  const sites = await ground.sites.read(ground.host);
  const socketOf = ({ cause, row, holders, sinceMs }: Suspect, lastMs: number): LeakedSocket => ({
    ...{ cause, row, holders, ageMs: lastMs - sinceMs },
    ...defined({ site: siteOf(sites, row), manner: observation.mannerOf(row) }),
  });
  const leaked = driven.leaked.map((suspect) => socketOf(suspect, observation.lastMs));
  await crew.dismiss();
  // What has leaked already could be what keeps it: nobody else is to be blamed.
  const stopped =
    leaked.length > 0 ? leakedAlready : await stop({ ...ground, source, crew, language: heard.languages[0] });
  const kept = stopped.kept.map((suspect) => socketOf(suspect, stopped.lastMs));
  const all = [...leaked, ...kept].toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    ...{ subject: ground.subject.name, command: ground.command, driver: ground.driver, graceMs: ground.graceMs },
    ...{ target: addressText(crew.target), spoken: heard.spoken, blind: [], descriptors },
    notes: [...notes, ...notesOn(untried)],
    ...{ watchedMs: observation.watchedMs, readings: observation.readings, undecided: driven.undecided },
    leaked: all,
    manners: mannersOf(driven.trials, all),
    forecasts: forecast(leaked, driven.trials, descriptors),
    stop: stopped.how,
    durationMs: Math.round(performance.now() - ground.startedAt),
  };
}

function notesOn(untried: readonly number[]): readonly string[] {
  if (untried.length === 0) return [];
  const verb = untried.length === 1 ? "was" : "were";
  return [`listens on ${untried.join(", ")} too, which ${verb} not tried: --port ${untried.join(" or --port ")}`];
}

const leakedAlready = stoppedSo("was not tried: it has leaked already");

async function driveAndJudge(
  { subject, met: { crew, heard }, onward, graceMs, hostile, signal, onProgress }: TryOut,
  observation: Observation,
  isFull: () => Promise<boolean>,
): Promise<Judged & { readonly trials: readonly Trial[] }> {
  const check = checkOf(subject, () => observation.lastSuspects);
  const watching = observation.watch();
  const trials = await drive({ crew, heard, observation, hostile, onward, check, onProgress }).finally(() =>
    watching[Symbol.asyncDispose](),
  );
  if ((await observation.look())?.length !== 0) onProgress(`waiting up to ${graceMs / 1000} s for sockets to heal`);
  const judged = await judge({
    ...{ observation, graceMs, pulse: () => askOnceMore(crew, heard.languages[0], graceMs, observation) },
    isPulse: ({ row }) => observation.mannerOf(row) === lastQuestion,
    ...defined({ signal }),
  });
  check("waited for its sockets to heal");
  // Who is stuck closes nothing, and is not to be accused of it; who ran out of descriptors is stuck for what it kept.
  if (judged.isSilent && judged.leaked.length > 0 && !(await isFull()))
    throw subject.failure(silenceText(judged, graceMs));
  return { ...judged, trials };
}

/** Whether it answers as it did before; who was silent then is not expected to speak now. */
async function askOnceMore(
  crew: Crew,
  language: Language,
  graceMs: number,
  observation: Observation,
): Promise<boolean> {
  await observation.begin(lastQuestion);
  if (language.answerBytes === 0) return true;
  const within = { withinMs: Math.min(2 * graceMs, longestAnswerMs), quietMs: 1 };
  const localPort = crew.reserve(lastQuestion);
  const asked = { ...crew.target, localPort, text: language.request, ...within };
  const { ok } = await crew.host.link.request("exchange", asked);
  return ok.total > 0;
}

function whatIsTheirs({ lab, host, driver, subject, met, before }: TryOut): SubjectInHost {
  const hadEnded = subject.end() !== undefined;
  return {
    name: subject.name,
    pid: subject.pid,
    // The hosts of a netns lab see one another's processes.
    agents: driver === "netns" ? lab.hosts.map(({ pid }) => pid) : [host.pid],
    isForeign: (row) => met.crew.isPeer(row) || before.some(({ bound }) => bound.port === row.local.port),
    hasEnded: () => !hadEnded && subject.end() !== undefined,
  };
}

/** All that was tried, and whatever else left something behind. */
function mannersOf(trials: readonly Trial[], leaked: readonly LeakedSocket[]): readonly TriedManner[] {
  const left = (name: string) => leaked.filter(({ manner }) => manner === name).length;
  const others = new Set(leaked.flatMap(({ manner = "" }) => (manner === "" ? [] : [manner])));
  for (const { name } of trials) others.delete(name);
  return [
    ...trials.map((trial) => ({ ...trial, leaked: left(trial.name) })),
    ...[...others].map((name) => ({ name, connections: left(name), leaked: left(name) })),
  ];
}
