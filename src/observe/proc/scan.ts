import { nameFrom, socketInode } from "./parse.ts";

/** What a scan tells of one process. */
export interface ScannedProcess {
  readonly pid: number;
  /** From /proc/<pid>/comm: whatever it calls itself. */
  readonly name: string;
  /** All of its descriptors. */
  readonly open: number;
  /** Those that are sockets. */
  readonly sockets: readonly { readonly fd: number; readonly inode: number }[];
  /** Whether it let itself be looked at. */
  readonly isReadable: boolean;
  /** The text of /proc/<pid>/limits, as far as it was asked for. */
  readonly limits: string;
}

type Draft = { -readonly [Name in keyof ScannedProcess]: ScannedProcess[Name] } & {
  readonly sockets: { readonly fd: number; readonly inode: number }[];
};

/**
 * Prints the descriptors, names and limits of the processes whose folders it is given, or of all. Constant text, to be run
 * as `sh -c`. Processes and descriptors end while they are looked at, which is no failure, so what the programs say
 * about it is dropped. `!` marks what may not be read and `-` what is no socket: the path of a file is never
 * printed, for it could hold a line end and forge the next line. `-a`: a name need not be text of the user's locale, of
 * which grep would otherwise say no more than that it is binary.
 */
export const scanScript = `
exec 2>/dev/null
[ $# -gt 0 ] || set -- /proc/[0-9]*
for process do set -- "$@" "$process/fd"; shift; done
find "$@" -maxdepth 1 '(' -type d ! -readable -printf '%p !\\n' ')' \\
  -o '(' -lname 'socket:*' -printf '%p %l\\n' ')' \\
  -o '(' -lname '*' -printf '%p -\\n' ')' \\
  -o '(' -type l -printf '%p !\\n' ')'
for folder do set -- "$@" "\${folder%/fd}/exe"; shift; done
find "$@" '(' -lname '*/node' -o -lname '*/node (deleted)' ')' -printf '%p node\\n'
for folder do set -- "$@" "\${folder%/exe}/comm"; shift; done
grep -aHs '' "$@"
for file do set -- "$@" "\${file%/comm}/limits"; shift; done
grep -aHs '^Max open files' "$@"
exit 0
`;

/** Prints the stat line of every process; to be run as `sh -c`. */
export const statScript = "grep -aHs '' /proc/[0-9]*/stat 2>/dev/null; exit 0";

const descriptorLine = /^\/proc\/(\d{1,10})\/fd(?:\/(\d{1,10}))? (\S+)$/;
const executableLine = /^\/proc\/(\d{1,10})\/exe node$/;
const fileLine = /^\/proc\/(\d{1,10})\/([a-z]+):(.*)$/;

/** Reads what `scanScript` printed; total. Lines that it cannot have printed are passed over. */
export function parseScan(text: string): readonly ScannedProcess[] {
  const processes = new Map<number, Draft>();
  const denied = new Set<number>();
  const draft = (pid: number): Draft => {
    const made = { pid, name: "", open: 0, sockets: [], isReadable: true, limits: "" };
    const known: Draft = processes.get(pid) ?? made;
    processes.set(pid, known);
    return known;
  };
  for (const line of text.split("\n")) {
    const [, pid, fd, target] = descriptorLine.exec(line) ?? [];
    if (pid === undefined) continue;
    if (target === "!") denied.add(Number(pid));
    else if (fd !== undefined && target !== undefined) addDescriptor(draft(Number(pid)), Number(fd), target);
  }
  for (const pid of denied) {
    const process = draft(pid);
    // One descriptor that could not be read was closed meanwhile. All of them: they are not ours to see.
    process.isReadable = process.open > 0;
  }
  const executables = executablesIn(text);
  for (const [pid, name] of parseFiles(text, "comm")) draft(pid).name = nameFrom(name, executables.get(pid) ?? "");
  for (const [pid, limits] of parseFiles(text, "limits")) draft(pid).limits = limits;
  return [...processes.values()];
}

function addDescriptor(process: Draft, fd: number, target: string): void {
  process.open += 1;
  const inode = socketInode(target);
  if (inode !== undefined) process.sockets.push({ fd, inode });
}

/** Only Node is told apart. */
function executablesIn(text: string): ReadonlyMap<number, string> {
  const lines = text.split("\n").flatMap((line) => executableLine.exec(line) ?? []);
  return new Map(lines.filter((word) => /^\d+$/.test(word)).map((pid) => [Number(pid), "node"]));
}

/** What `grep -H ''` printed of the file of that name, by process: names and stat lines may run over several lines. */
export function parseFiles(text: string, file: string): ReadonlyMap<number, string> {
  const files = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [, pid, name, content = ""] = fileLine.exec(line) ?? [];
    if (pid === undefined || name !== file) continue;
    const before = files.get(Number(pid));
    files.set(Number(pid), before === undefined ? content : `${before}\n${content}`);
  }
  return files;
}
