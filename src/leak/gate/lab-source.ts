import type { Host } from "../../lab/host.ts";
import { FinwaitError } from "../../model/errors.ts";
import type { SocketHolder } from "../../model/leak.ts";
import type { SocketRow } from "../../model/socket.ts";
import { tcpStates } from "../../model/state.ts";
import { procThrough } from "../../observe/proc/through.ts";
import { ssArguments } from "../../observe/ss/arguments.ts";
import { parseSs } from "../../observe/ss/parse.ts";
import type { SocketSource } from "../source.ts";

const connected = tcpStates.filter((state) => state !== "LISTEN" && state !== "CLOSED");

/** What is the subject's in its host. */
export interface SubjectInHost {
  readonly name: string;
  /** The program that was started; what it has started is found from it. */
  readonly pid: number;
  /** Process ids that can be seen in the host and are finwait's own. */
  readonly agents: readonly number[];
  /** Whether a socket of the host is none of the subject's: a peer that finwait's agent opened there. */
  readonly isForeign: (row: SocketRow) => boolean;
  readonly hasEnded: () => boolean;
}

/** Reads a host of a lab, all states and all descriptors: everything in it but the agent is the subject's. */
export function openLabSource(host: Host, subject: SubjectInHost): SocketSource {
  const processes = procThrough(host.run);
  const isTheirs = ({ pid }: SocketHolder) => !subject.agents.includes(pid);
  let holdingPids: ReadonlySet<number> = new Set();
  return {
    subject: subject.name,
    blind: [],
    async read() {
      if (subject.hasEnded()) throw new FinwaitError("FINWAIT_SUBJECT_GONE", `${subject.name} has ended.`);
      const startedAt = performance.now();
      // The table first: a socket that is opened between the two has no row then, and no descriptor is taken for abandoned.
      const rows = parseSs(await host.run("ss", ssArguments({ states: connected })));
      const { holders: all } = await processes.holders("all");
      const atMs = (startedAt + performance.now()) / 2;
      const holders = new Map([...all].map(([inode, held]) => [inode, held.filter(isTheirs)] as const));
      for (const [inode, held] of holders) if (held.length === 0) holders.delete(inode);
      holdingPids = new Set(rows.flatMap(({ inode = 0 }) => holders.get(inode)?.map(({ pid }) => pid) ?? []));
      return { atMs, rows: rows.filter((row) => !subject.isForeign(row)), holders };
    },
    async descriptors() {
      const family = await processes.family(subject.pid);
      return await processes.descriptors([...new Set([...family, ...holdingPids])]);
    },
    async [Symbol.asyncDispose]() {},
  };
}
