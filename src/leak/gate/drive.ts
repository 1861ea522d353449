import type { SocketAddress } from "../../model/socket.ts";
import type { Crew } from "./crew.ts";
import { connectLanguage, type Language } from "./language.ts";
import { type Manner, manners } from "./manners.ts";
import type { Observation } from "./observation.ts";
import type { Heard } from "./probe.ts";

/** As long as a healthy subject takes to close; a leak need not be waited for here. */
const closeWithinMs = 250;
/** Answers above this fill the kernel's buffers: fewer of them at once. */
const largeAnswerBytes = 60_000;
const fewAtOnce = 5;

/** One manner in one language, as it was tried. */
export interface Trial {
  /** "upgrade: half-close, then wait". */
  readonly name: string;
  readonly spoken: Language["spoken"];
  readonly connections: number;
}

/** What the drive goes by. */
export interface DriveGround {
  readonly crew: Crew;
  readonly heard: Heard;
  readonly observation: Observation;
  /** Whether peers are tried too that mean no good. */
  readonly hostile: boolean;
  /** Where a tunnel can be asked to lead. */
  readonly onward: { readonly deaf: SocketAddress; readonly nowhere: SocketAddress };
  /** Throws when the subject has ended, saying what was being done. */
  readonly check: (what: string) => void;
  readonly onProgress: (what: string) => void;
}

/** Behaves towards the subject in every manner that fits it, one after another. */
export async function drive(ground: DriveGround): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  const planned = plan(ground);
  for (const [index, { manner, language }] of planned.entries()) {
    const name = nameOf(manner, language);
    ground.onProgress(`${index + 1}/${planned.length} ${name}`);
    trials.push({ name, spoken: language.spoken, connections: await tryManner(ground, name, manner, language) });
  }
  return trials;
}

/** Everything that ends comes first, whatever the language: what stays may be in its way. */
function plan({
  heard: { languages, spoken },
  hostile,
}: DriveGround): readonly { readonly manner: Manner; readonly language: Language }[] {
  const all = languages.flatMap((language) => {
    const fits = (manner: Manner) =>
      (hostile || manner.hostile !== true) &&
      manner.where.includes(language.spoken) &&
      (spoken.includes(language.spoken) || manner.whereRefused === true);
    return manners.filter(fits).map((manner) => ({ manner, language }));
  });
  return [...all.filter(({ manner }) => !manner.stays), ...all.filter(({ manner }) => manner.stays)];
}

function nameOf({ name }: Manner, { spoken }: Language): string {
  return spoken === "http" || spoken === "tcp" ? name : `${spoken}: ${name}`;
}

async function tryManner(ground: DriveGround, name: string, manner: Manner, language: Language): Promise<number> {
  const { crew, observation, onward, check } = ground;
  await observation.begin(name);
  const count = language.answerBytes > largeAnswerBytes ? Math.min(fewAtOnce, manner.connections) : manner.connections;
  const peers = await crew.open(count, {
    language: manner.onward === undefined ? language : connectLanguage(onward[manner.onward], language),
    manner: name,
    reads: manner.reads ?? true,
  });
  await Promise.all(peers.map(manner.begin));
  await observation.look();
  check(`tried "${name}" on it`);
  await Promise.all(peers.map(manner.finish));
  if (!manner.stays) await Promise.all(peers.map((peer) => peer.closed(closeWithinMs)));
  check(`tried "${name}" on it`);
  return peers.length;
}
