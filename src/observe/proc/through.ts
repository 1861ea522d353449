import type { DescriptorUse, SocketHolder } from "../../model/leak.ts";
import { familyIn, parseSoftNofile, parseStat } from "./parse.ts";
import type { HeldSockets, ProcReader } from "./reader.ts";
import type { RunProgram } from "./run-program.ts";
import { parseFiles, parseScan, type ScannedProcess, scanScript, statScript } from "./scan.ts";

/** The processes of a host of a lab or of a container, read by programs that run there: `sh`, `find` and `grep`. */
export function procThrough(run: RunProgram): ProcReader {
  const scan = async (pids: readonly number[] | "all") => {
    if (pids.length === 0) return [];
    const folders = pids === "all" ? [] : pids.map((pid) => `/proc/${pid}`);
    return parseScan(await run("sh", ["-c", scanScript, "finwait", ...folders]));
  };
  return {
    family: async (pid) => {
      const stats = parseFiles(await run("sh", ["-c", statScript]), "stat");
      return familyIn(
        [...stats.values()].flatMap((text) => parseStat(text) ?? []),
        pid,
      );
    },
    holders: async (pids, wanted) => heldSockets(await scan(pids), wanted),
    descriptors: async (pids) => (await scan(pids)).flatMap(useOf),
  };
}

function heldSockets(processes: readonly ScannedProcess[], wanted?: ReadonlySet<number>): HeldSockets {
  const holders = new Map<number, SocketHolder[]>();
  for (const { pid, name, sockets } of processes) {
    for (const { fd, inode } of sockets) {
      if (wanted?.has(inode) === false) continue;
      holders.set(inode, [...(holders.get(inode) ?? []), { pid, process: name, fd }]);
    }
  }
  const unreadable = processes.filter(({ isReadable }) => !isReadable).map(({ pid }) => pid);
  return { holders, unreadable: unreadable.toSorted((a, b) => a - b) };
}

function useOf({ pid, name, open, limits, isReadable }: ScannedProcess): DescriptorUse[] {
  const limit = parseSoftNofile(limits);
  return limit === undefined || !isReadable ? [] : [{ pid, process: name, open, limit }];
}
